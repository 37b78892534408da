//! Writes to users and groups.

use super::listing::Shape;
use super::objects::{collection, find, single};
use super::query::Query;
use super::{Call, GraphError, Outcome, access};
use crate::directory::{Directory, Form, Kind, NewObject, Slot};
use crate::reply::Reply;
use rand::Rng as _;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Members bound in one request at most.
const MOST_BOUND: usize = 20;
const BINDINGS: &str = "members@odata.bind";

/// Answers what is not a read on `/users` and `/groups`.
pub(super) fn answer(call: &Call<'_>, kind: Kind, path: &[&str]) -> Outcome {
    match (call.request.method.as_str(), path) {
        ("POST", []) => create(call, kind),
        ("PATCH", [key]) => update(call, kind, key),
        ("DELETE", [key]) => delete(call, kind, key),
        ("PUT", [key, "manager", "$ref"]) if kind == Kind::User => set_manager(call, key, true),
        ("DELETE", [key, "manager", "$ref"]) if kind == Kind::User => set_manager(call, key, false),
        ("POST", [key, "revokeSignInSessions"]) if kind == Kind::User => {
            call.need(&["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"])?;
            let person = call.with_view(|view| find(view, kind, key).map(|(_, object)| object.id));
            call.tenant.sign_in.revoke(person?);
            Ok(Reply::json(200, &json!({"value": true})))
        }
        ("POST", [key, "members", "$ref"]) if kind == Kind::Group => add_member(call, key),
        ("DELETE", [key, "members", member, "$ref"]) if kind == Kind::Group => remove_member(call, key, member),
        _ => Err(super::no_segment(path.last().copied().unwrap_or_default())),
    }
}

/// `POST /invitations`.
pub(super) fn invite(call: &Call<'_>) -> Outcome {
    if call.request.method != http::Method::POST {
        return Err(super::no_segment("invitations"));
    }
    call.need(access::INVITE)?;
    let body = super::body(call)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let mail = text("invitedUserEmailAddress")
        .ok_or_else(|| GraphError::bad_request("invitedUserEmailAddress is required."))?;
    let redirect =
        text("inviteRedirectUrl").ok_or_else(|| GraphError::bad_request("inviteRedirectUrl is required."))?;
    let name = text("invitedUserDisplayName").unwrap_or(mail);
    let principal = format!("{}#EXT#@{}", mail.replace('@', "_"), call.tenant.domain);
    let pairs = [
        ("accountEnabled", "true"),
        ("creationType", "Invitation"),
        ("displayName", name),
        ("externalUserState", "PendingAcceptance"),
        ("mail", mail),
        ("userPrincipalName", principal.as_str()),
        ("userType", "Guest"),
    ];
    let values = pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    let id = new_id(call);
    call.tenant
        .change(call.state, |directory, now| directory.create(NewObject { kind: Kind::User, id, values }, now))?;
    Ok(Reply::json(
        201,
        &json!({
            "@odata.context": format!("{}/v1.0/$metadata#invitations/$entity", call.request.origin),
            "id": Uuid::new_v4(),
            "inviteRedeemUrl": format!("{}/redeem?id={id}", call.request.origin),
            "invitedUserDisplayName": name,
            "invitedUserEmailAddress": mail,
            "inviteRedirectUrl": redirect,
            "sendInvitationMessage": body.get("sendInvitationMessage").and_then(Value::as_bool).unwrap_or(false),
            "status": "PendingAcceptance",
            "invitedUser": {"id": id},
        }),
    ))
}

fn new_id(call: &Call<'_>) -> Uuid {
    uuid::Builder::from_random_bytes(crate::sync::lock(&call.tenant.random).random()).into_uuid()
}

fn create(call: &Call<'_>, kind: Kind) -> Outcome {
    call.need(if kind == Kind::User { access::WRITE_USERS } else { access::CREATE_GROUPS })?;
    let body = super::body(call)?;
    let members = body.as_object().cloned().unwrap_or_default();
    let needed: &[&str] = match kind {
        Kind::User => &["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"],
        _ => &["displayName", "mailEnabled", "mailNickname", "securityEnabled"],
    };
    if let Some(missing) = needed.iter().find(|name| !members.contains_key(**name)) {
        return Err(GraphError::bad_request(format!(
            "A value is required for property '{missing}' of resource '{}'.",
            kind.type_name()
        )));
    }
    let bound = bindings(&body)?;
    let mut values = stored_values(kind, &members)?;
    values.retain(|(name, _)| !name.eq_ignore_ascii_case("passwordProfile"));
    let id = new_id(call);
    let slot = call.tenant.change(call.state, |directory, now| {
        let found = resolve_all(directory, &bound)?;
        let slot = directory.create(NewObject { kind, id, values }, now)?;
        for member in found {
            directory.add_member(slot, member, now)?;
        }
        Ok::<_, GraphError>(slot)
    })?;
    let shape = Shape::of_kind(&Query::parse(call.request)?, kind)?;
    let directory = crate::sync::read(&call.tenant.directory);
    let object = directory.object(slot).ok_or_else(|| GraphError::not_found(&id.to_string()))?;
    let mut reply = single(call, &directory.present(), object, &shape, collection(kind));
    reply.status = 201;
    Ok(reply.header("location", format!("{}/v1.0/{}/{id}", call.request.origin, collection(kind))))
}

fn update(call: &Call<'_>, kind: Kind, key: &str) -> Outcome {
    let body = super::body(call)?;
    let members = body.as_object().cloned().unwrap_or_default();
    let bound = bindings(&body)?;
    let values = stored_values(kind, &members)?;
    let only_enabled = values.iter().all(|(name, _)| name.eq_ignore_ascii_case("accountEnabled"));
    match kind {
        Kind::User if only_enabled => call.need(access::DISABLE_USERS)?,
        Kind::User => call.need(access::WRITE_USERS)?,
        _ if values.is_empty() => call.need(access::WRITE_MEMBERS)?,
        _ => call.need(access::WRITE_GROUPS)?,
    }
    call.tenant.change(call.state, |directory, now| {
        let (slot, _) = find(&directory.present(), kind, key).map(|(slot, object)| (slot, object.id))?;
        let found = resolve_all(directory, &bound)?;
        // All or nothing: nobody is added when one is a member already.
        let members = directory.object(slot).map(|object| object.members().to_vec()).unwrap_or_default();
        if found.iter().any(|member| members.contains(member)) {
            return Err(crate::directory::WriteError::AlreadyMember.into());
        }
        directory.set(slot, &values, now)?;
        for member in found {
            directory.add_member(slot, member, now)?;
        }
        Ok::<_, GraphError>(())
    })?;
    Ok(Reply::empty(204))
}

fn delete(call: &Call<'_>, kind: Kind, key: &str) -> Outcome {
    call.need(if kind == Kind::User { access::DELETE_USERS } else { access::WRITE_GROUPS })?;
    call.tenant.change(call.state, |directory, now| {
        let slot = find(&directory.present(), kind, key)?.0;
        directory.delete(slot, now).map_err(GraphError::from)
    })?;
    Ok(Reply::empty(204))
}

fn set_manager(call: &Call<'_>, key: &str, set: bool) -> Outcome {
    call.need(access::WRITE_USERS)?;
    let target = if set { Some(reference(&super::body(call)?)?) } else { None };
    call.tenant.change(call.state, |directory, now| {
        let slot = find(&directory.present(), Kind::User, key)?.0;
        let manager = target.as_deref().map(|id| resolve(directory, id)).transpose()?;
        directory.set_manager(slot, manager, now).map_err(GraphError::from)
    })?;
    Ok(Reply::empty(204))
}

fn add_member(call: &Call<'_>, key: &str) -> Outcome {
    call.need(access::WRITE_MEMBERS)?;
    let member = reference(&super::body(call)?)?;
    call.tenant.change(call.state, |directory, now| {
        let slot = find(&directory.present(), Kind::Group, key)?.0;
        check_manual(directory, slot)?;
        let member = resolve(directory, &member)?;
        directory.add_member(slot, member, now).map_err(GraphError::from)
    })?;
    Ok(Reply::empty(204))
}

fn remove_member(call: &Call<'_>, key: &str, member: &str) -> Outcome {
    call.need(access::WRITE_MEMBERS)?;
    call.tenant.change(call.state, |directory, now| {
        let slot = find(&directory.present(), Kind::Group, key)?.0;
        check_manual(directory, slot)?;
        let member = resolve(directory, member)?;
        directory.remove_member(slot, member, now).map_err(GraphError::from)
    })?;
    Ok(Reply::empty(204))
}

/// Mail-enabled groups outside Microsoft 365 and dynamic groups cannot be written member by member.
fn check_manual(directory: &Directory, group: Slot) -> Result<(), GraphError> {
    let types = directory.text(group, "groupTypes").unwrap_or_default();
    let mail_enabled = directory.text(group, "mailEnabled") == Some("true");
    if types.contains("DynamicMembership") || (mail_enabled && !types.contains("Unified")) {
        return Err(GraphError::denied());
    }
    Ok(())
}

fn bindings(body: &Value) -> Result<Vec<String>, GraphError> {
    let Some(list) = body.get(BINDINGS) else { return Ok(Vec::new()) };
    let links: Vec<String> =
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(last_segment).collect();
    if links.len() > MOST_BOUND {
        return Err(GraphError::bad_request(format!("At most {MOST_BOUND} members can be added in one request.")));
    }
    Ok(links)
}

fn reference(body: &Value) -> Result<String, GraphError> {
    let link = body.get("@odata.id").and_then(Value::as_str);
    link.map(last_segment).ok_or_else(|| GraphError::bad_request("@odata.id is required."))
}

fn last_segment(link: &str) -> String {
    link.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
}

fn resolve(directory: &Directory, id: &str) -> Result<Slot, GraphError> {
    let slot = Uuid::parse_str(id).ok().and_then(|id| directory.find(id));
    slot.filter(|slot| directory.object(*slot).is_some_and(|object| object.is_live()))
        .ok_or_else(|| GraphError::not_found(id))
}

fn resolve_all(directory: &Directory, ids: &[String]) -> Result<Vec<Slot>, GraphError> {
    ids.iter().map(|id| resolve(directory, id)).collect()
}

/// Properties of a request body in the form in which the directory keeps them.
pub(crate) fn stored_values(
    kind: Kind,
    members: &Map<String, Value>,
) -> Result<Vec<(String, Option<String>)>, GraphError> {
    let mut values = Vec::with_capacity(members.len());
    for (name, value) in members.iter().filter(|(name, _)| !name.contains('@')) {
        let (_, property) = kind.property(name).ok_or_else(|| invalid(name))?;
        let stored = match (property.form, value) {
            (Form::Created | Form::Deleted, _) => return Err(invalid(name)),
            (_, Value::Null) => None,
            (Form::Text, Value::String(text)) => Some(text.clone()),
            (Form::Bool, Value::Bool(flag)) => Some(flag.to_string()),
            (Form::List, Value::Array(_)) | (Form::Json, Value::Object(_) | Value::Number(_)) => {
                Some(value.to_string())
            }
            _ => return Err(invalid(name)),
        };
        values.push((property.name.to_owned(), stored));
    }
    Ok(values)
}

fn invalid(name: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid value specified for property '{name}' of resource."))
}
