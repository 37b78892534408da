//! Reads a tenant's users and waits for changes, to see the client at work.
//!
//! `cargo run -p rollcall-graph --example directory -- TENANT CLIENT_ID [GRAPH_ORIGIN LOGIN_ORIGIN] < SECRET_FILE`

use std::error::Error;
use std::io::stdin;
use std::time::Duration;

use rollcall_graph::{Cloud, Credential, DeltaStart, Expand, GraphClient, HttpClient, Origins, Priority, users};

const SELECT: [&str; 3] = ["accountEnabled", "department", "manager"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let graph = connect()?.priority(Priority::Low);

    // The anchor comes before the reading, so that no change falls between them.
    let mut link = graph.send(&users::delta(&SELECT, DeltaStart::Latest)).await?.delta.ok_or("no delta link")?;

    let mut pages = graph.pages(users::list(&["accountEnabled", "department"], Expand::Manager));
    let mut found = 0;
    while let Some(page) = pages.next().await? {
        found += page.value.len();
        println!("{found} users of {}", page.count.map_or_else(|| "?".to_owned(), |count| count.to_string()));
    }
    println!("{:?}", graph.usage());

    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let mut round = graph.pages(users::delta(&SELECT, DeltaStart::Link(link.clone())));
        while let Some(page) = round.next().await? {
            for user in page.value {
                println!("changed: {user:?}");
            }
            link = page.delta.unwrap_or(link);
        }
    }
}

fn connect() -> Result<GraphClient, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (tenant, client_id, origins) = match arguments.as_slice() {
        [tenant, client_id] => (tenant, client_id, Cloud::Global.origins()),
        [tenant, client_id, graph, login] => (tenant, client_id, Origins::custom(graph.parse()?, login.parse()?)?),
        _ => return Err("usage: directory TENANT CLIENT_ID [GRAPH_ORIGIN LOGIN_ORIGIN] < SECRET_FILE".into()),
    };
    let mut secret = String::new();
    stdin().read_line(&mut secret)?;
    let credential = Credential::ClientSecret { client_id: client_id.clone(), secret: secret.trim().into() };
    Ok(GraphClient::new(HttpClient::new()?, origins, tenant.parse()?, credential))
}
