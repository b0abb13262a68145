"""The Discord side of the bot: slash commands, buttons, and how tunes are posted.

Inside this package, `import discord` is the library. What happens between a command and a post is left to the backlog.
"""
