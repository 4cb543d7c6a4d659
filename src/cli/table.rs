//! Plain text in columns.

/// Rows with their cells below one another, two blanks between columns and none at the end of a line.
pub fn aligned(rows: &[Vec<String>], indent: usize) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter(|row| row.len() > column + 1);
        cells
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for (cell, width) in row.iter().zip(&widths) {
            let room = width.saturating_sub(cell.chars().count()) + 2;
            line.push_str(cell);
            line.push_str(&" ".repeat(room));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A text broken at blanks into lines of at most `width` characters where that is possible.
pub fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_one_another() {
        let rows = [
            vec!["a".to_owned(), "bb".to_owned(), "c".to_owned()],
            vec!["aaa".to_owned(), "b".to_owned()],
            vec!["a very long cell that ends its row".to_owned()],
        ];
        assert_eq!(
            aligned(&rows, 2),
            "  a    bb  c\n  aaa  b\n  a very long cell that ends its row\n"
        );
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(folded("one two  three", 7), ["one two", "three"]);
        assert_eq!(folded("unbreakable x", 4), ["unbreakable", "x"]);
        assert_eq!(folded("", 4), [""]);
    }
}
