//! The whole directory as JSON, for a comparison that trusts nothing but this.

use crate::clock::iso;
use crate::directory::{Kind, Object, Presence, Slot, View};
use crate::graph::json::{comma, key, string, write_id, write_known};
use crate::graph::query::{Columns, all, columns, names};
use crate::reply::Reply;
use crate::request::Request;
use crate::tenant::Tenant;

/// `?properties=a,b` keeps the dump of a large tenant small; `?deleted=false` leaves out who is in the recycle bin.
pub(super) fn reply(tenant: &Tenant, request: &Request) -> Reply {
    let wanted = request.option("properties").map(names);
    let with_deleted = request.option("deleted") != Some("false");
    let directory = crate::sync::read(&tenant.directory);
    let view = directory.present();
    let mut out = format!("{{\"tenantId\":\"{}\",\"sequence\":{}", tenant.id, directory.sequence()).into_bytes();
    for (name, kinds) in SECTIONS {
        out.push(b',');
        key(&mut out, name);
        out.push(b'[');
        let start = out.len();
        for kind in *kinds {
            let columns =
                wanted.as_deref().and_then(|names| columns(Some(names), *kind).ok()).unwrap_or_else(|| all(*kind));
            for (_, object) in view.from(Slot(0), *kind) {
                if object.is_live() || (with_deleted && matches!(object.presence, Presence::Deleted(_))) {
                    comma(&mut out, start);
                    write(&mut out, &view, object, &columns);
                }
            }
        }
        out.push(b']');
    }
    out.push(b'}');
    Reply::bytes(200, "application/json", out)
}

static SECTIONS: &[(&str, &[Kind])] = &[
    ("people", &[Kind::User]),
    ("groups", &[Kind::Group]),
    (
        "others",
        &[Kind::Device, Kind::ServicePrincipal, Kind::OrgContact, Kind::DirectoryRole, Kind::AdministrativeUnit],
    ),
];

fn write(out: &mut Vec<u8>, view: &View<'_>, object: &Object, columns: &Columns) {
    out.push(b'{');
    write_id(out, object.id);
    out.extend_from_slice(b",\"type\":");
    string(out, object.kind.type_name());
    if let Presence::Deleted(at) = object.presence {
        out.extend_from_slice(b",\"deleted\":");
        string(out, &iso(at));
    }
    if let Some((_, manager)) = view.manager(object) {
        out.extend_from_slice(b",\"manager\":");
        string(out, &manager.id.to_string());
    }
    write_known(out, view, object, columns, None);
    if object.kind.holds_members() {
        out.extend_from_slice(b",\"members\":[");
        let start = out.len();
        for member in view.members(object).iter().filter_map(|slot| view.object(*slot)) {
            comma(out, start);
            string(out, &member.id.to_string());
        }
        out.push(b']');
    }
    out.push(b'}');
}
