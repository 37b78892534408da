//! Lists of runs.

use rollcall_directory::identity::ConnectionId;
use rollcall_store::{Page, PageRequest, Run};

use super::existing;
use crate::app::App;
use crate::http::problem::Problem;

/// Pages that are looked through for runs of a kind before an empty one is answered.
const PAGES: usize = 10;

/// Runs, newest first: all, or only those that are previews or not.
pub(crate) async fn page(
    app: &App,
    id: ConnectionId,
    mut request: PageRequest,
    previews: Option<bool>,
) -> Result<Page<Run>, Problem> {
    let connection = existing(app, id).await?;
    let mut page = Page { items: Vec::new(), next: None };
    for _ in 0..PAGES {
        page = app.table.runs_page(connection.id, &request).await?;
        page.items.retain(|run| previews.is_none_or(|previews| run.mode.is_preview() == previews));
        if !page.items.is_empty() || page.next.is_none() {
            break;
        }
        request.cursor.clone_from(&page.next);
    }
    Ok(page)
}
