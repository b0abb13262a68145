"""What every Discord feature builds on: the client, errors as replies, permissions, locales, components, autocomplete."""
