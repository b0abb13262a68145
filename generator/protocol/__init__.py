"""Everything of the generator that the bot may import: requests and their tables, results, errors, the client.

No module here loads numpy or anything else that is heavy.
"""
