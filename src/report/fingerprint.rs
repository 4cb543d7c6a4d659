//! The name of a finding that survives re-exports, re-ordering and rewording.
//!
//! It covers what the finding is about and nothing of where it was written or how it is told.

use crate::check::Finding;

/// 32 hexadecimal digits over tenant, check, vendor, stream, stage, object and value.
pub fn of(tenant: &str, finding: &Finding) -> String {
    let fields = [
        Some(tenant),
        Some(finding.check),
        finding.vendor.as_deref(),
        finding.stream.as_deref(),
        finding.stage,
        finding.object.as_deref(),
        Some(finding.value.as_str()),
    ];
    // 0xFE and 0xFF never occur in UTF-8, so no two lists of fields give the same bytes.
    let bytes = fields.into_iter().flat_map(|field| {
        let (text, end) = field.map_or(("", 0xFE), |text| (text, 0xFF));
        text.bytes().chain([end])
    });
    format!("{:032x}", fnv1a(bytes))
}

/// FNV-1a with 128 bits: offset basis and prime of draft-eastlake-fnv.
///
/// Not a standard hasher of the library, whose result may change with any release.
fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes
        .into_iter()
        .fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a([]), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a(*b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv1a(*b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn it_depends_on_the_subject_and_not_on_the_wording() {
        let (_, finding) = fixtures::two_sources();
        let name = of("contoso", &finding);
        let mut reworded = finding.clone();
        reworded.message = "said otherwise".to_owned();
        reworded.labels.truncate(1);
        assert_eq!(of("contoso", &reworded), name);
        assert_ne!(of("fabrikam", &finding), name);
        let mut other = finding.clone();
        other.value = "192.0.2.8".to_owned();
        assert_ne!(of("contoso", &other), name);
        let mut none = finding.clone();
        none.stream = None;
        let mut empty = finding;
        empty.stream = Some(String::new());
        assert_ne!(of("contoso", &none), of("contoso", &empty));
    }
}
