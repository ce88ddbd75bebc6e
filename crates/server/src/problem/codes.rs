//! All problems: a stable word, a status, a title, and what to do about it.
//!
//! Words are never changed and never used again for something else: programs decide by them.

use axum::http::StatusCode;

macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $word:literal, $status:ident, $title:literal; )+) => {
        /// What went wrong with a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl Code {
            /// Every problem there is, sorted by word.
            pub const ALL: &'static [Self] = &[$( Self::$name, )+];

            /// The stable word for it: the end of its type.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }

            /// The status of its answer.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $( Self::$name => StatusCode::$status, )+ }
            }

            /// A few words that are the same each time.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )+ }
            }

            /// What it means, and what to do about it.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$name => concat!($($doc),+), )+ }
            }
        }
    };
}

codes! {
    /// The address with its query is longer than `limit` bytes. Long statements go into the body of `POST /v1/query`.
    AddressTooLong = "address-too-long", URI_TOO_LONG, "The address is too long";
    /// A name fits several things. `candidates` lists them: ask again with one of those.
    AmbiguousName = "ambiguous-name", BAD_REQUEST, "Several things have this name";
    /// The time in which the approval could be used is over. Approve again.
    ApprovalExpired = "approval-expired", CONFLICT, "The approval has expired";
    /// The statement that was signed is about something else than an execution. Sign the one that
    /// `GET /v1/plans/{id}/export?form=statement` gives.
    ApprovalOtherAction = "approval-other-action", CONFLICT, "The approval is of something else";
    /// The statement names another approver than the one whose key signed it. Sign one of your own.
    ApprovalOtherApprover = "approval-other-approver", CONFLICT, "The approval names somebody else";
    /// The statement is about a plan of another archive.
    ApprovalOtherArchive = "approval-other-archive", CONFLICT, "The approval is for another archive";
    /// The statement is about another plan, or about this one before it was changed. A changed plan needs new
    /// approvals.
    ApprovalOtherPlan = "approval-other-plan", CONFLICT, "The approval is for another plan";
    /// The statement is about another tenant than the plan.
    ApprovalOtherTenant = "approval-other-tenant", CONFLICT, "The approval is for another tenant";
    /// The approval is for a longer time than the configuration lets approvals be. Approve again for less.
    ApprovalTooLong = "approval-too-long", CONFLICT, "The approval is for too long";
    /// An execution used the approval up: each is good for one. Approve again.
    ApprovalUsed = "approval-used", CONFLICT, "The approval was used";
    /// Fewer approvals count than the plan needs; `detail` says how many, and why so many.
    ApprovalsMissing = "approvals-missing", CONFLICT, "Approvals are missing";
    /// All keys of one person are one voice: another person must approve too.
    ApproverCounted = "approver-counted", CONFLICT, "This person approved already";
    /// Whoever made the plan does not approve it. Somebody else must.
    ApproverIsAuthor = "approver-is-author", CONFLICT, "The author approves their own plan";
    /// The approver's key is not valid yet, or not any more; `detail` says when it is.
    ApproverNotValid = "approver-not-valid", CONFLICT, "The key does not count now";
    /// The approver's key was taken back, and with it every approval by it.
    ApproverRevoked = "approver-revoked", CONFLICT, "The key was revoked";
    /// The approver is the person who made the plan, by another account or key. Somebody else must approve it.
    ApproverSamePerson = "approver-same-person", CONFLICT, "The author approves under another name";
    /// The key that signed belongs to no approver. `entrace approver list` shows who they are.
    ApproverUnknown = "approver-unknown", CONFLICT, "Nobody enrolled the key";
    /// An entry of the archive's list of approvers was made by somebody who may not. Restore it from a copy, or name
    /// the
    /// approvers in a file outside of the archive.
    ApproversBroken = "approvers-broken", CONFLICT, "The list of approvers is not to be believed";
    /// Nobody is enrolled who could approve: `entrace approver add` does that.
    ApproversNone = "approvers-none", CONFLICT, "Nobody may approve";
    /// Another process writes to the archive. Try again when it has ended; `Retry-After` says when to look.
    ArchiveBusy = "archive-busy", SERVICE_UNAVAILABLE, "The archive is being written";
    /// Stored bytes are not what was written. Run `entrace check --read-data` where the archive is, and restore
    /// the damaged files from a copy.
    ArchiveDamaged = "archive-damaged", INTERNAL_SERVER_ERROR, "The archive is damaged";
    /// The archive's index is being made anew. Try again when that is done.
    ArchiveRebuilding = "archive-rebuilding", SERVICE_UNAVAILABLE, "The archive's index is being made anew";
    /// The archive cannot be opened now. `/readyz` and the server's log say more.
    ArchiveUnavailable = "archive-unavailable", SERVICE_UNAVAILABLE, "The archive cannot be opened";
    /// The body ended before its stated length, or the connection broke. Send it again.
    BodyIncomplete = "body-incomplete", BAD_REQUEST, "The body is incomplete";
    /// The body is longer than this address takes; `limit` is the most, in bytes.
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// All workers have work and as many statements wait as may. Try again after `Retry-After` seconds.
    Busy = "busy", SERVICE_UNAVAILABLE, "Too many statements at once";
    /// The server cannot read this tenant: the configuration does not say how, or what it says cannot be done.
    CannotCollect = "cannot-collect", CONFLICT, "The tenant cannot be read";
    /// Plans of this tenant cannot be run or verified from here: its connection, or the credential that may write, is
    /// not configured.
    CannotRestore = "cannot-restore", CONFLICT, "The tenant cannot be reached";
    /// An approval is of the future, or the server's clock is behind what is written already. Set the clock right.
    ClockSkew = "clock-skew", CONFLICT, "A clock is wrong";
    /// A browser sent this for a page of another site, which may change nothing here.
    CrossSite = "cross-site", FORBIDDEN, "A page of another site";
    /// The cursor was made for another question: another address, other parameters or another tenant. Use it with
    /// exactly those it came with, or begin without one.
    CursorElsewhere = "cursor-elsewhere", BAD_REQUEST, "The cursor belongs to another question";
    /// Cursors last a day, and as long as the snapshot they are pinned to. Begin again without one.
    CursorExpired = "cursor-expired", GONE, "The cursor has expired";
    /// The cursor was given to somebody else. Begin without one.
    CursorForeign = "cursor-foreign", FORBIDDEN, "The cursor belongs to somebody else";
    /// The data of this person was erased from the archive on purpose and cannot be had any more.
    Erased = "erased", GONE, "The data was erased";
    /// Signed in, but without a role that may do this. `roles` lists those that may.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// Microsoft Graph refused, or could not be reached; `detail` is what it said.
    GraphFailed = "graph-failed", BAD_GATEWAY, "Microsoft Graph did not do it";
    /// The headers together are longer than `limit` bytes.
    HeadersTooLarge = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large";
    /// No hold of that number is in force. `GET /v1/holds` lists those that are.
    HoldNotFound = "hold-not-found", NOT_FOUND, "No such hold";
    /// A hold is released by another person than the one who set it.
    HoldOwnRelease = "hold-own-release", FORBIDDEN, "Who set the hold releases it";
    /// A request with this `Idempotency-Key` is being worked on. Ask again in a moment for its answer.
    IdempotencyInProgress = "idempotency-in-progress", CONFLICT, "The first request is under way";
    /// This `Idempotency-Key` was used with another body. Take a new key for a new request.
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The key was used for another request";
    /// A bug in entrace. The server's log has the details under the request id.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error";
    /// The body is JSON, but not what this address takes. `detail` names the member: unknown, missing, or of
    /// another type.
    InvalidBody = "invalid-body", UNPROCESSABLE_ENTITY, "The body is not what is taken here";
    /// The cursor is none of this server's. Cursors are taken from `next_cursor` as they are.
    InvalidCursor = "invalid-cursor", BAD_REQUEST, "Not a cursor";
    /// `Idempotency-Key` is one text of 1 to 255 visible ASCII characters.
    InvalidIdempotencyKey = "invalid-idempotency-key", BAD_REQUEST, "Not an idempotency key";
    /// The body cannot be read as JSON. `line` and `column` say where.
    InvalidJson = "invalid-json", BAD_REQUEST, "Not JSON";
    /// `limit` is a number from 1 to 1000.
    InvalidLimit = "invalid-limit", BAD_REQUEST, "Not a limit";
    /// What is said to be an object is not in the form of one: an id, or `KIND:NAME`.
    InvalidObject = "invalid-object", BAD_REQUEST, "Not an object";
    /// A parameter has a value that it does not take; `parameter` names it.
    InvalidParameter = "invalid-parameter", BAD_REQUEST, "Not a value of this parameter";
    /// What was asked for makes no plan, or cannot be done to this one; `detail` says why.
    InvalidPlan = "invalid-plan", UNPROCESSABLE_ENTITY, "Not with this plan";
    /// A revision is `latest`, `latest~2`, `first`, at least six characters of a snapshot's id, a date or time,
    /// `-7d`, or `tag:NAME`.
    InvalidRevision = "invalid-revision", BAD_REQUEST, "Not a revision";
    /// The statement is refused. `line` and `column` say where, if it is a place; `hint` may say what was meant.
    InvalidSql = "invalid-sql", BAD_REQUEST, "The statement is refused";
    /// A time is a date, a date and time (RFC 3339), or a revision.
    InvalidTime = "invalid-time", BAD_REQUEST, "Not a time";
    /// The token is not accepted; `reason` says why, in a word that stays the same.
    InvalidToken = "invalid-token", UNAUTHORIZED, "The token is refused";
    /// The job has ended already: there is nothing to cancel.
    JobEnded = "job-ended", CONFLICT, "The job has ended";
    /// There is no job of that id in this tenant.
    JobNotFound = "job-not-found", NOT_FOUND, "No such job";
    /// A job of this kind is at work in this tenant; `job` is its id.
    JobRunning = "job-running", CONFLICT, "A job does that already";
    /// The signature was made by a security key without anybody touching it. Sign with a key that asks for it.
    KeyNotTouched = "key-not-touched", CONFLICT, "Nobody touched the security key";
    /// The key that signed is of a kind or size that is not accepted; `detail` says which are.
    KeyRefused = "key-refused", CONFLICT, "The key is too weak";
    /// The archive has no objects of that kind, and the catalogue does not know it.
    KindNotFound = "kind-not-found", NOT_FOUND, "No such kind";
    /// The library has no query of that name. `GET /v1/library` lists those there are.
    LibraryNotFound = "library-not-found", NOT_FOUND, "No such query";
    /// The address exists, but not with this method; `Allow` lists those it has.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "Not with this method";
    /// None of the formats that were asked for can be given; `available` lists those that can.
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "No such format";
    /// The server does not answer questions yet, or not any more: an archive is not open.
    NotReady = "not-ready", SERVICE_UNAVAILABLE, "Not ready";
    /// No object is meant by this in any snapshot, or it did not exist at that revision; `detail` says which.
    ObjectNotFound = "object-not-found", NOT_FOUND, "No such object";
    /// The server ended while it worked on the request with this `Idempotency-Key`. Look at what has become of it
    /// before you make it again with a new key.
    OutcomeUnknown = "outcome-unknown", CONFLICT, "What became of the first request is not known";
    /// The credential that may write lacks permissions that the plan's steps need; `detail` names them.
    PermissionMissing = "permission-missing", CONFLICT, "The credential may not do it";
    /// Somebody called the plan off. Make it anew.
    PlanCancelled = "plan-cancelled", CONFLICT, "The plan was cancelled";
    /// Every step of the plan was done: a plan is executed once. Make another where something is to be changed again.
    PlanDone = "plan-done", CONFLICT, "The plan was executed";
    /// The plan is not the one that was made: its text has another hash than its id. Every approval of it is void.
    PlanEdited = "plan-edited", CONFLICT, "The plan was changed";
    /// The plan is older than the configuration lets plans run. Make it anew.
    PlanExpired = "plan-expired", CONFLICT, "The plan is too old";
    /// No plan of this archive has such an id. `GET /v1/plans` lists those there are.
    PlanNotFound = "plan-not-found", NOT_FOUND, "No such plan";
    /// Somebody who may approve rejected the plan. Make another.
    PlanRejected = "plan-rejected", CONFLICT, "The plan was rejected";
    /// A plan of this archive is being executed: one at a time is. Wait until that has ended.
    PlanRunning = "plan-running", CONFLICT, "A plan is being executed";
    /// The tenant is not any more what the plan was made on. Make it anew.
    PlanStale = "plan-stale", CONFLICT, "The tenant has moved on";
    /// `If-Match` names an entity tag, and what the request acts upon has another by now: `etag`. Look at it again,
    /// and
    /// act upon what it is.
    PreconditionFailed = "precondition-failed", PRECONDITION_FAILED, "It was changed meanwhile";
    /// The statement took more time, memory, rows or bytes than it may; `detail` says which limit it met. Ask for
    /// less.
    QueryLimit = "query-limit", UNPROCESSABLE_ENTITY, "The statement met a limit";
    /// More requests than allowed came in a short time. Try again after `Retry-After` seconds.
    RateLimited = "rate-limited", TOO_MANY_REQUESTS, "Too many requests";
    /// This server only reads.
    ReadOnly = "read-only", FORBIDDEN, "The server is read-only";
    /// The configuration of the server does not let plans run.
    RestoreDisabled = "restore-disabled", CONFLICT, "Execution is switched off";
    /// There is no such snapshot, tag, or snapshot at or before that time.
    RevisionNotFound = "revision-not-found", NOT_FOUND, "No such snapshot";
    /// The token cannot be judged now: the keys of its issuer or the tokens of this server cannot be read. Try again
    /// after `Retry-After` seconds.
    SignInUnavailable = "sign-in-unavailable", SERVICE_UNAVAILABLE, "Sign-in cannot be checked";
    /// The signature is of another text, or by another key than it says. Sign the statement again.
    SignatureBad = "signature-bad", CONFLICT, "The signature does not fit";
    /// The signature cannot be read. `ssh-keygen -Y sign` makes one.
    SignatureMalformed = "signature-malformed", CONFLICT, "Not a signature";
    /// The signature was made for another purpose. Sign with `ssh-keygen -Y sign -n entrace-approval`.
    SignatureNamespace = "signature-namespace", CONFLICT, "Signed for another purpose";
    /// The statement cannot be read, or is not written the way statements are. Sign the one that
    /// `GET /v1/plans/{id}/export?form=statement` gives, byte for byte.
    StatementMalformed = "statement-malformed", CONFLICT, "Not a statement";
    /// There are no numbers of that name; `detail` lists those there are.
    StatsNotFound = "stats-not-found", NOT_FOUND, "No such numbers";
    /// The server is being stopped. Try again when it is back.
    Stopping = "stopping", SERVICE_UNAVAILABLE, "The server is being stopped";
    /// No tenant of that name is served, or not for you.
    TenantNotFound = "tenant-not-found", NOT_FOUND, "No such tenant";
    /// Several tenants are served: say which with `?tenant=` or the header `Entrace-Tenant`.
    TenantRequired = "tenant-required", BAD_REQUEST, "Which tenant?";
    /// The tenant could not be reached, or refused; `detail` says what to do about it.
    TenantUnreachable = "tenant-unreachable", BAD_GATEWAY, "The tenant could not be reached";
    /// The answer did not begin within the time a request may take. Ask for less, or again when there is less to do.
    TimedOut = "timed-out", SERVICE_UNAVAILABLE, "It took too long";
    /// As many streams of events are open as may be. Close some, or try again later.
    TooManyStreams = "too-many-streams", SERVICE_UNAVAILABLE, "Too many streams";
    /// Nobody is signed in: send `Authorization: Bearer TOKEN`.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Sign in";
    /// This address has no such parameter; `parameter` names it and `hint` one that it has.
    UnknownParameter = "unknown-parameter", BAD_REQUEST, "No such parameter";
    /// There is nothing at this address. `/openapi.json` lists all addresses.
    UnknownRoute = "unknown-route", NOT_FOUND, "No such address";
    /// The access record cannot be written, and nothing is answered that is not recorded. The server's log says why.
    Unrecorded = "unrecorded", SERVICE_UNAVAILABLE, "Requests cannot be recorded";
    /// The body must be `application/json`.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Not a format taken here";
    /// The process that ran the statement ended by itself. Try again; if it happens again, please report it.
    WorkerLost = "worker-lost", INTERNAL_SERVER_ERROR, "The statement's process ended";
    /// The header `Host` names another server. Use the address the server was started with.
    WrongHost = "wrong-host", MISDIRECTED_REQUEST, "Not this server";
}

impl Code {
    /// The problem of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_unique_and_fit_an_address() {
        let words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        let mut sorted = words.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(words, sorted);
        for code in Code::ALL {
            let fits = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(code.word().chars().all(fits), "{}", code.word());
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(!code.title().ends_with('.'), "{}", code.title());
            assert!(code.meaning().ends_with('.'), "{}", code.word());
            assert_eq!(Code::of(code.word()), Some(*code));
        }
    }
}
