"""The local web channel: a page, and the API that the page and scripts use. No Discord needed."""
