use super::*;

async fn pages() -> Vec<Page> {
    table_pages()
        .await
        .expect("because every table is described")
}

#[tokio::test]
async fn every_table_of_a_session_has_a_page() {
    let source = nothing().expect("because memory holds it");
    let session = Session::new(&source, SessionOptions::default());
    let session = session.expect("because there is an archive");
    let pages = pages().await;
    for table in session.tables() {
        let own = table.strip_suffix("_history").unwrap_or(&table);
        let file = format!("{own}.md");
        assert!(pages.iter().any(|page| page.file == file), "{table}");
    }
}

#[tokio::test]
async fn every_link_leads_to_a_page() {
    let pages = pages().await;
    for page in &pages {
        for link in page.text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            assert!(
                pages.iter().any(|page| page.file == target),
                "{}: {target}",
                page.file
            );
        }
    }
}

#[tokio::test]
async fn every_page_asks_something_and_fits_on_a_few_screens() {
    for page in pages().await.iter().filter(|page| page.file != "README.md") {
        let asked = page.text.matches("```sql\n").count();
        let least = if page.file == "tags.md" { 1 } else { 2 };
        assert!(asked >= least, "{} asks {asked} questions", page.file);
        assert!(page.text.lines().count() < 200, "{}", page.file);
    }
}
