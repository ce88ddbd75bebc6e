//! entrace: history, SQL and proof for Microsoft Entra ID.

fn main() {}
