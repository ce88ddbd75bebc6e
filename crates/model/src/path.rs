//! Property paths: as changes name them, and as a tree, so that a walk over a document carries its rules along.

/// The top-level property that a path begins with, the path being that of a [`crate::Change`].
#[must_use]
pub fn top_property(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// A set of property paths (`conditions.users.includeUsers`). Arrays are transparent: a path names the
/// property of every element.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PathTree {
    children: Vec<(Box<str>, PathTree)>,
    ends: bool,
}

impl PathTree {
    /// The tree of these paths.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut root = Self::default();
        for path in paths {
            let mut node = &mut root;
            for name in path.split('.') {
                node = node.child_mut(name.trim_end_matches("[]"));
            }
            node.ends = true;
        }
        root
    }

    /// No path at all.
    pub const EMPTY: PathTree = PathTree {
        children: Vec::new(),
        ends: false,
    };

    /// The rules below the property of that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&PathTree> {
        self.children
            .iter()
            .find(|(key, _)| **key == *name)
            .map(|(_, tree)| tree)
    }

    /// Whether a path of the set ends at this node.
    #[must_use]
    pub fn ends_here(&self) -> bool {
        self.ends
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.ends && self.children.is_empty()
    }

    fn child_mut(&mut self, name: &str) -> &mut PathTree {
        let at = self
            .children
            .iter()
            .position(|(key, _)| **key == *name)
            .unwrap_or_else(|| {
                self.children.push((name.into(), PathTree::default()));
                self.children.len() - 1
            });
        &mut self.children[at].1
    }
}
