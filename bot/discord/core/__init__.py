"""What every Discord feature builds on: client, errors as replies, permissions, locales, components, autocomplete."""
