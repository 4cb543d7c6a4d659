//! Asking from where a filter hands mail on: the addresses that its vendor publishes for that, by SPF.

use crate::allow::ip::IpSet;
use crate::dns::spf::Limits;
use crate::dns::spf::set::{Published, Tree};
use crate::dns::{Name, Resolver, in_rounds};
use crate::platforms::products::PRODUCTS;

/// Fills in from where the last filter hands mail on, where nobody declared it and its vendor says it. What DNS does not
/// say exactly stays open, which means any address.
pub(in crate::audit) fn egress(hops: &mut [(String, IpSet)], resolver: &dyn Resolver) {
    let Some((platform, hosts)) = hops.last_mut() else {
        return;
    };
    if !hosts.is_empty() {
        return;
    }
    let product = PRODUCTS.iter().find(|product| product.id == platform);
    let name = product.and_then(|product| Name::parse(product.egress?.as_bytes()).ok());
    if let Some(name) = name {
        *hosts = in_rounds(resolver, |resolver| published(resolver, &name));
    }
}

fn published(resolver: &dyn Resolver, name: &Name) -> IpSet {
    let tree = Tree::gather(resolver, name);
    if !matches!(tree.published, Published::Record(_)) {
        return IpSet::empty();
    }
    let pass = tree.sets(Limits::default()).pass;
    if pass.is_exact() && !pass.must.is_all() {
        pass.must
    } else {
        IpSet::empty()
    }
}
