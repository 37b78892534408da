//! An independent OpenID provider in Entra's place. It has no directory: the connection and the account, which a sync would make,
//! are written into the table.

use http::Method;
use local::emulator::free_port;
use local::platform::AdminApi;
use local::tenant::Origins;
use local::{Options, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tools::Tools;
use crate::{Done, described};

const TENANT: &str = "22222222-0000-4000-8000-000000000001";
const CLIENT: &str = "33333333-0000-4000-8000-000000000001";
const SECRET: &str = "a secret that only this test knows";

pub(crate) async fn provider() -> Done {
    let tools = Tools::install().await?;
    let port = free_port()?;
    let url = format!("http://127.0.0.1:{port}");
    let (_provider, said) = tools
        .serve(
            "independent-provider/server.mjs",
            &[
                ("tenant", TENANT),
                ("client-id", CLIENT),
                ("client-secret", SECRET),
                // Another site than ours, as it is in life.
                ("host", "localhost"),
                ("redirect-uri", &format!("{url}/login/callback")),
                ("post-logout-redirect-uri", &format!("{url}/signed-out")),
            ],
        )
        .await?;
    let origin = said.get("url").and_then(Value::as_str).ok_or("the provider has an address")?.to_owned();
    let elsewhere = Some(Origins { graph: origin.clone(), login: origin });
    let options = Options { port, elsewhere, ..Options::named("browser-independent") };
    let stack = Stack::start(&options, &|text| println!("{text}")).await?;
    let connection = connect(&stack).await?;
    let person = said.pointer("/accounts/0/oid").and_then(Value::as_str).ok_or("the provider has accounts")?;
    give_account(&stack, &connection, person.parse()?).await?;
    let mut scene = described(&stack);
    let members = scene.as_object_mut().ok_or("a description")?;
    members.insert("connection".to_owned(), connection.into());
    members.insert("provider".to_owned(), said);
    tools.run(&["rollcall/independent.test.mjs"], Some(&scene)).await
}

/// An active connection that never ran.
async fn connect(stack: &Stack) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let api = AdminApi::new(stack.url(), stack.admin_token());
    let body = json!({
        "name": "Independent", "tenant_id": TENANT, "scope": {"type": "everyone"}, "owners": ["owner@example.com"],
        "credential": {"type": "client_secret", "client_id": CLIENT, "client_secret": SECRET}, "sign_in": {},
    });
    let created = api.call(Method::POST, "/connections", Some(&body)).await?;
    let id = created.get("id").and_then(Value::as_str).ok_or("a connection has an id")?.to_owned();
    let update = json!({
        "TableName": local::deploy::STACK, "Key": {"pk": {"S": "CONNECTIONS"}, "sk": {"S": id}},
        "UpdateExpression": "SET #status = :status", "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":status": {"M": {"state": {"S": "active"}}}},
    });
    stack.aws().call("DynamoDB_20120810.UpdateItem", &update).await?;
    Ok(id)
}

async fn give_account(stack: &Stack, connection: &str, person: Uuid) -> Done {
    let tenant: Uuid = TENANT.parse()?;
    let user = Uuid::new_v5(&tenant, person.as_bytes());
    let shard: String = user.to_string().chars().take(1).collect();
    let made = json!({"S": "2026-01-01T00:00:00Z"});
    let item = json!({
        "pk": {"S": format!("C#{connection}#U#{shard}")}, "sk": {"S": person}, "id": {"S": user}, "v": {"N": "1"},
        "state": {"S": "active"}, "groups": {"L": []}, "teams": {"L": []}, "fp": {"B": "AAAAAAAAAAAAAAAAAAAAAA=="},
        "attributes": {"M": {"givenName": {"S": "Ada"}, "surname": {"S": "of the Directory"}}},
        "created_at": made, "updated_at": made,
    });
    let put = json!({"TableName": local::deploy::STACK, "Item": item});
    stack.aws().call("DynamoDB_20120810.PutItem", &put).await.map(drop).map_err(Into::into)
}
