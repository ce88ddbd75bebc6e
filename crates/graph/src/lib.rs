//! Speaks Microsoft Graph: tokens, pages, batches, retries, one request budget for all.
