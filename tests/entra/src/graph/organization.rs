//! `GET /organization`.

use super::query::Query;
use super::{Call, GraphError, Outcome, access};
use crate::reply::Reply;
use serde_json::{Value, json};

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Outcome {
    if call.request.method != http::Method::GET {
        return Err(GraphError::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        ));
    }
    call.need(access::READ_ORGANIZATION)?;
    let query = Query::parse(call.request)?;
    let mut organization = describe(call);
    if let (Some(names), Some(members)) = (&query.select, organization.as_object_mut()) {
        members.retain(|name, _| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
    }
    let context = |suffix: &str| format!("{}/v1.0/$metadata#organization{suffix}", call.request.origin);
    match path {
        [] => Ok(Reply::json(200, &json!({"@odata.context": context(""), "value": [organization]}))),
        [id] if *id == call.tenant.id.to_string() => {
            if let Some(members) = organization.as_object_mut() {
                members.insert("@odata.context".to_owned(), context("/$entity").into());
            }
            Ok(Reply::json(200, &organization))
        }
        [id, ..] => Err(GraphError::not_found(id)),
    }
}

fn describe(call: &Call<'_>) -> Value {
    json!({
        "id": call.tenant.id,
        "deletedDateTime": null,
        "businessPhones": [],
        "city": null,
        "country": null,
        "countryLetterCode": "DE",
        "createdDateTime": "2020-02-29T09:00:00Z",
        "defaultUsageLocation": null,
        "displayName": call.tenant.name,
        "onPremisesSyncEnabled": null,
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "technicalNotificationMails": [format!("admin@{}", call.tenant.domain)],
        "verifiedDomains": [{
            "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": true, "isInitial": true,
            "name": call.tenant.domain, "type": "Managed",
        }],
    })
}
