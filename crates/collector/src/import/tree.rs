//! The files of a commit.
//!
//! Two commits in a row share most of their trees, so a tree read for one is kept for the next: a
//! history of hundreds of commits costs the trees that changed.

use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use crate::intake::FileForm;

/// The files of one commit that may hold documents, in the order of a folder import.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TreeListing {
    pub(crate) files: Vec<TreeFile>,
    /// What is left out, and why.
    pub(crate) left_out: Vec<(String, String)>,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeFile {
    pub(crate) path: String,
    pub(crate) blob: ObjectId,
    pub(crate) form: FileForm,
}

/// Trees read for the commit before and for this one.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    before: HashMap<ObjectId, Rc<Vec<Item>>>,
    now: HashMap<ObjectId, Rc<Vec<Item>>>,
}

#[derive(Debug)]
struct Item {
    name: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Folder(ObjectId),
    File(ObjectId, FileForm),
    LeftOut(&'static str),
}

type GitResult<T> = std::result::Result<T, String>;

impl Trees {
    /// Lists a tree, or the folder of it that `subfolder` names; nothing where there is none.
    pub(crate) fn list(
        &mut self,
        repository: &gix::Repository,
        tree: ObjectId,
        subfolder: Option<&str>,
    ) -> GitResult<TreeListing> {
        self.before = std::mem::take(&mut self.now);
        let mut root = tree;
        let folders = subfolder.unwrap_or_default().split('/');
        for folder in folders.filter(|folder| !folder.is_empty() && *folder != ".") {
            let items = self.items(repository, root)?;
            let mut items = items.iter().filter(|item| item.name == folder);
            let Some(What::Folder(inner)) = items.next().map(|item| &item.what) else {
                return Ok(TreeListing::default());
            };
            root = *inner;
        }
        let mut listing = TreeListing::default();
        self.folder(repository, root, "", &mut listing)?;
        Ok(listing)
    }

    fn folder(
        &mut self,
        repository: &gix::Repository,
        tree: ObjectId,
        within: &str,
        listing: &mut TreeListing,
    ) -> GitResult<()> {
        for item in self.items(repository, tree)?.iter() {
            let path = if within.is_empty() {
                item.name.clone()
            } else {
                format!("{within}/{}", item.name)
            };
            match item.what {
                What::Folder(inner) => self.folder(repository, inner, &path, listing)?,
                What::File(blob, form) => listing.files.push(TreeFile { path, blob, form }),
                What::LeftOut(reason) => listing.left_out.push((path, reason.to_owned())),
            }
        }
        Ok(())
    }

    fn items(&mut self, repository: &gix::Repository, tree: ObjectId) -> GitResult<Rc<Vec<Item>>> {
        if let Some(items) = self.now.get(&tree) {
            return Ok(Rc::clone(items));
        }
        let items = match self.before.remove(&tree) {
            Some(items) => items,
            None => Rc::new(read(repository, tree)?),
        };
        self.now.insert(tree, Rc::clone(&items));
        Ok(items)
    }
}

fn read(repository: &gix::Repository, tree: ObjectId) -> GitResult<Vec<Item>> {
    let failed = |error: gix::Error| format!("tree {tree} cannot be read: {error}");
    let tree = repository.find_tree(tree).map_err(failed)?;
    let mut items = Vec::new();
    for entry in tree.iter() {
        let entry = entry.map_err(failed)?;
        let name = entry.filename().to_string();
        let is_text = std::str::from_utf8(entry.filename()).is_ok();
        let id = entry.object_id();
        let what = match entry.mode().kind() {
            _ if name.starts_with('.') => continue,
            EntryKind::Tree => What::Folder(id),
            EntryKind::Link => What::LeftOut("is a link: links are not followed"),
            EntryKind::Commit => {
                What::LeftOut("is a submodule: its files are another repository's")
            }
            EntryKind::Blob | EntryKind::BlobExecutable => match FileForm::by_name(&name) {
                Some(_) if !is_text => What::LeftOut("has a name that is not UTF-8"),
                Some(form) => What::File(id, form),
                None => continue,
            },
        };
        items.push(Item { name, what });
    }
    items.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(items)
}
