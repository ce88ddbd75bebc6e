//! How a kind is written: which requests make, change, delete and undelete one of its objects, and who may send
//! them.
//!
//! Facts as in the reference; what an object's own facts forbid (synchronised from on-premises, built in) is for
//! the code that plans a write to find out.

use crate::kind::{Api, Kind};
use crate::request::{encode, fill};

/// How objects of a kind are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// Makes an object, or adds an edge.
    pub create: Option<Operation>,
    /// Changes properties of one that is there.
    pub update: Option<Operation>,
    /// Deletes it, or removes an edge.
    pub delete: Option<Operation>,
    /// Brings it back from the recycle bin with its id.
    pub undelete: Option<Operation>,
    /// Application permissions, any one of which allows all operations that an application may send; empty
    /// where none is documented.
    pub permissions: &'static [&'static str],
    /// Permissions that are needed besides: the service reads what a new object refers to.
    pub besides: &'static [&'static str],
    /// Delegated permissions for the operations only a signed-in administrator may send, any one of which
    /// suffices.
    pub delegated: &'static [&'static str],
    /// Read-only properties that a new object is given all the same: ids the caller chooses.
    pub chosen: &'static [&'static str],
    /// Properties that are set at creation and never again \[hand-made\], besides [`Kind::immutable`].
    pub fixed: &'static [&'static str],
    /// Properties that the service fills in from what an object refers to \[hand-made\], besides
    /// [`Kind::read_only`].
    pub computed: &'static [&'static str],
    /// How properties change that [`Writing::update`] does not reach.
    pub version: Option<NewVersion>,
    /// Properties that a new object is given and an update does not take.
    pub apart: &'static [Apart],
    /// Lists in which Graph shows the rows below an object: they are kinds of their own, and written as such.
    pub rows: &'static [&'static str],
}

/// An action that gives an object another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewVersion {
    /// The action.
    pub operation: Operation,
    /// Member of its body that holds the whole object.
    pub member: &'static str,
    /// Properties that change only so.
    pub needed_for: &'static [&'static str],
    /// The other properties that a version is told.
    pub besides: &'static [&'static str],
}

/// A property that is changed by a request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// Graph's name of it, at the top level.
    pub property: &'static str,
    /// Template of the action that takes it, ids in braces.
    pub action: &'static str,
}

impl NewVersion {
    /// Whether a property stands in the body.
    #[must_use]
    pub fn tells(&self, property: &str) -> bool {
        self.needed_for.contains(&property) || self.besides.contains(&property)
    }
}

impl Apart {
    /// The request: a POST of the property alone.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        operation(Method::Post, Address::At(self.action), Body::Properties)
    }
}

/// One request that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// HTTP method.
    pub method: Method,
    /// Where it goes.
    pub address: Address,
    /// What it carries.
    pub body: Body,
    /// Version that serves it, where another than the kind's.
    pub api: Option<Api>,
    /// Whether an application may send it; else only a signed-in administrator may.
    pub app_only: bool,
}

/// HTTP methods that write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Makes, or performs an action.
    Post,
    /// Changes the properties that are sent.
    Patch,
    /// Replaces.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// As in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Where a write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// [`Kind::path`]: the collection, or the singleton.
    Collection,
    /// One object of the collection.
    Object,
    /// `$ref` of the collection: an edge to add, or the only one there is.
    CollectionRef,
    /// `$ref` of one object: an edge to remove.
    ObjectRef,
    /// A template of its own, ids in braces.
    At(&'static str),
}

/// What a write carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// The writable properties.
    Properties,
    /// Of the properties only these.
    Only(&'static [&'static str]),
    /// `@odata.id` with the address of an edge's target.
    Reference,
    /// A request to be carried out by the service, told apart by one member (`action`, `requestType`).
    Action {
        /// Name of the member.
        member: &'static str,
        /// Its value (`adminAssign`).
        word: &'static str,
    },
    /// A file that no snapshot has (`application/zip`).
    Package,
}

/// A request that writes, before the service root; its body apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRequest {
    /// HTTP method.
    pub method: Method,
    /// Version of the endpoint.
    pub api: Api,
    /// Path below the version, ids percent-encoded.
    pub path: String,
}

impl WriteRequest {
    /// What follows the service root: `/v1.0/users/{id}`, encoded.
    #[must_use]
    pub fn target(&self) -> String {
        format!("/{}{}", self.api.segment(), self.path)
    }
}

impl Operation {
    /// Its path with ids in braces.
    #[must_use]
    pub fn template(&self, kind: &Kind) -> String {
        match self.address {
            Address::Collection => kind.path.to_owned(),
            Address::Object => format!("{}/{{id}}", kind.path),
            Address::CollectionRef => format!("{}/$ref", kind.path),
            Address::ObjectRef => format!("{}/{{id}}/$ref", kind.path),
            Address::At(template) => template.to_owned(),
        }
    }
}

impl Kind {
    /// Whether the service fills in a property of its own accord.
    #[must_use]
    pub fn is_computed(&self, property: &str) -> bool {
        let filled_in = self.writing.map_or(&[] as &[&str], |it| it.computed);
        self.read_only.contains(&property) || filled_in.contains(&property)
    }

    /// The request an operation of this kind is for the object of this key, outermost part first. A new object
    /// has no id yet: the last part is passed over where the address has no place for it.
    ///
    /// `None` where the key has fewer parts than the address has places, or one is empty, `.` or `..`.
    #[must_use]
    pub fn write_request(&self, operation: &Operation, key: &[&str]) -> Option<WriteRequest> {
        let mut parts = key.iter();
        let path = fill(&operation.template(self), |_, out| {
            let part = parts
                .next()
                .filter(|part| !matches!(**part, "" | "." | ".."))?;
            encode(part, "", out);
            Some(())
        });
        Some(WriteRequest {
            method: operation.method,
            api: operation.api.unwrap_or(self.api),
            path: path?,
        })
    }
}

const fn operation(method: Method, address: Address, body: Body) -> Operation {
    Operation {
        method,
        address,
        body,
        api: None,
        app_only: true,
    }
}

const fn of_administrators(operation: Option<Operation>) -> Option<Operation> {
    match operation {
        Some(mut operation) => {
            operation.app_only = false;
            Some(operation)
        }
        None => None,
    }
}

/// The notation of the family files: the usual forms, and what differs from them.
impl Writing {
    const NONE: Self = Self {
        create: None,
        update: None,
        delete: None,
        undelete: None,
        permissions: &[],
        besides: &[],
        delegated: &[],
        chosen: &[],
        fixed: &[],
        computed: &[],
        rows: &[],
        version: None,
        apart: &[],
    };

    /// POST to the collection, PATCH and DELETE of the object.
    pub(crate) const fn objects(permissions: &'static [&'static str]) -> Self {
        Self {
            create: Some(operation(
                Method::Post,
                Address::Collection,
                Body::Properties,
            )),
            update: Some(operation(Method::Patch, Address::Object, Body::Properties)),
            delete: Some(operation(Method::Delete, Address::Object, Body::Empty)),
            permissions,
            ..Self::NONE
        }
    }

    /// POST and DELETE of `$ref`.
    pub(crate) const fn links(permissions: &'static [&'static str]) -> Self {
        Self {
            create: Some(operation(
                Method::Post,
                Address::CollectionRef,
                Body::Reference,
            )),
            delete: Some(operation(Method::Delete, Address::ObjectRef, Body::Empty)),
            permissions,
            ..Self::NONE
        }
    }

    /// PUT and DELETE of the only `$ref`.
    pub(crate) const fn link(permissions: &'static [&'static str]) -> Self {
        Self {
            create: Some(operation(
                Method::Put,
                Address::CollectionRef,
                Body::Reference,
            )),
            delete: Some(operation(
                Method::Delete,
                Address::CollectionRef,
                Body::Empty,
            )),
            permissions,
            ..Self::NONE
        }
    }

    /// PATCH of a singleton.
    pub(crate) const fn settings(permissions: &'static [&'static str]) -> Self {
        Self {
            update: Some(operation(
                Method::Patch,
                Address::Collection,
                Body::Properties,
            )),
            permissions,
            ..Self::NONE
        }
    }

    /// Requests that the service carries out: `create` and `delete` are values of `member`.
    pub(crate) const fn requests(
        template: &'static str,
        member: &'static str,
        create: &'static str,
        delete: &'static str,
        permissions: &'static [&'static str],
    ) -> Self {
        Self {
            create: Some(operation(
                Method::Post,
                Address::At(template),
                Body::Action {
                    member,
                    word: create,
                },
            )),
            delete: Some(operation(
                Method::Post,
                Address::At(template),
                Body::Action {
                    member,
                    word: delete,
                },
            )),
            permissions,
            ..Self::NONE
        }
    }

    /// With an object made by another request.
    pub(crate) const fn create(mut self, method: Method, address: Address, body: Body) -> Self {
        self.create = Some(operation(method, address, body));
        self
    }

    /// With an object changed by another request.
    pub(crate) const fn update(mut self, method: Method, address: Address, body: Body) -> Self {
        self.update = Some(operation(method, address, body));
        self
    }

    /// With an object deleted by another request.
    pub(crate) const fn delete(mut self, address: Address) -> Self {
        self.delete = Some(operation(Method::Delete, address, Body::Empty));
        self
    }

    /// Cannot be made.
    pub(crate) const fn never_made(mut self) -> Self {
        self.create = None;
        self
    }

    /// Cannot be changed, only replaced.
    pub(crate) const fn never_changed(mut self) -> Self {
        self.update = None;
        self
    }

    /// Cannot be deleted.
    pub(crate) const fn never_deleted(mut self) -> Self {
        self.delete = None;
        self
    }

    /// Comes back from the recycle bin by a POST there.
    pub(crate) const fn undelete(mut self, template: &'static str) -> Self {
        self.undelete = Some(operation(Method::Post, Address::At(template), Body::Empty));
        self
    }

    /// Comes back from a recycle bin that only the beta endpoint has.
    pub(crate) const fn undelete_beta(mut self, template: &'static str) -> Self {
        self.undelete = Some(Operation {
            method: Method::Post,
            address: Address::At(template),
            body: Body::Empty,
            api: Some(Api::Beta),
            app_only: true,
        });
        self
    }

    /// Only a signed-in administrator may undelete.
    pub(crate) const fn undelete_signed_in(mut self) -> Self {
        self.undelete = of_administrators(self.undelete);
        self
    }

    /// Only a signed-in administrator with one of these permissions may make one.
    pub(crate) const fn create_signed_in(mut self, delegated: &'static [&'static str]) -> Self {
        self.create = of_administrators(self.create);
        self.delegated = delegated;
        self
    }

    /// Only a signed-in administrator with one of these permissions may write at all.
    pub(crate) const fn signed_in(mut self, delegated: &'static [&'static str]) -> Self {
        self.create = of_administrators(self.create);
        self.update = of_administrators(self.update);
        self.delete = of_administrators(self.delete);
        self.delegated = delegated;
        self
    }

    /// Needs these permissions besides.
    pub(crate) const fn besides(mut self, permissions: &'static [&'static str]) -> Self {
        self.besides = permissions;
        self
    }

    /// These read-only properties are given at creation.
    pub(crate) const fn chosen(mut self, properties: &'static [&'static str]) -> Self {
        self.chosen = properties;
        self
    }

    /// The service fills in these properties.
    pub(crate) const fn computed(mut self, properties: &'static [&'static str]) -> Self {
        self.computed = properties;
        self
    }

    /// With properties that only another version has otherwise.
    pub(crate) const fn versions(
        mut self,
        template: &'static str,
        member: &'static str,
        needed_for: &'static [&'static str],
        besides: &'static [&'static str],
    ) -> Self {
        self.version = Some(NewVersion {
            operation: operation(Method::Post, Address::At(template), Body::Properties),
            member,
            needed_for,
            besides,
        });
        self
    }

    /// These properties never change after creation.
    pub(crate) const fn fixed(mut self, properties: &'static [&'static str]) -> Self {
        self.fixed = properties;
        self
    }

    /// These properties show rows that are kinds of their own.
    pub(crate) const fn rows(mut self, properties: &'static [&'static str]) -> Self {
        self.rows = properties;
        self
    }

    /// These properties are changed by requests of their own.
    pub(crate) const fn apart(mut self, properties: &'static [Apart]) -> Self {
        self.apart = properties;
        self
    }
}
