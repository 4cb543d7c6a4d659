# Recipes for people who work on allowaudit. `just` without a name lists them.

_default:
    @just --list

# Everything that must hold before a change goes in.
ready:
    .ci/run

# Rewrites what is compared: reports of examples, expected blocks of specs, tables in README.
bless:
    BLESS=1 cargo test

# Starts a check: page, code and folder of specs.
new-check id:
    #!/usr/bin/env bash
    set -euo pipefail
    file="src/checks/$(echo '{{ id }}' | tr - _).rs"
    page="src/checks/{{ id }}.md"
    for path in "$file" "$page"; do
        if [ -e "$path" ]; then echo "$path exists already" >&2; exit 1; fi
    done
    printf '# %s\n\n## What it finds\n\n## Why it matters\n\n## Example\n\n## Passing\n\n## Remedy\n\n## Sources\n' '{{ id }}' > "$page"
    printf '//! `%s`: \n' '{{ id }}' > "$file"
    mkdir -p 'tests/specs/{{ id }}'
    echo "write $page first, then $file; add its lines to src/checks.rs"

# Measures.
bench:
    cargo bench

# Feeds a reader with nonsense: json or toml.
fuzz target='json' seconds='60':
    cargo fuzz run {{ target }} -- -max_total_time={{ seconds }}
