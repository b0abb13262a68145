"""What a post looks like: docs/post.json, as the tests' stand-in for Discord received it, and docs/post.png.

    python -m benchmarks.bot.post_picture [--out FOLDER] [--fake] [--html]

A real bot with its real generator is connected to the stand-in, composes a tune and varies it. Both posts are drawn as
HTML in the style of Discord's dark theme, and Chromium takes a screenshot. It needs a font with emoji (Debian packages:
chromium, fonts-noto-color-emoji).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import html
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from bot.files.blobs import Blobs
from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn

DOCS = Path(__file__).parents[2] / "docs"
GENERATE: dict[str, Any] = {"scene": "boss", "key": "Am", "tempo": 150, "seconds": 30, "seed": 3}
REMIX: dict[str, Any] = {"mode": "vary", "strength": 0.3, "seed": 4}
PATIENCE = 300.0
SCALE = 2
MARGIN = 16 * SCALE
"""Device pixels for one pixel of the page, as on a phone."""
WIDTH, HEIGHT = 1200, 1000
Payload = dict[str, Any]

STYLE = """
* { box-sizing: border-box; margin: 0 }
body { background: #313338; color: #dbdee1; padding: 16px; display: flex; gap: 24px; align-items: start;
       font: 16px/1.375 "gg sans", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif }
.message { width: 570px; display: grid; grid-template-columns: 40px 1fr; column-gap: 16px }
.avatar { width: 40px; height: 40px; border-radius: 50%; background: #d32f2f; display: grid; place-items: center;
          font-size: 20px }
.name { color: #f2f3f5; font-weight: 600 } .tag { background: #5865f2; color: #fff; font-size: 10px; font-weight: 600;
       border-radius: 4px; padding: 1px 5px; margin: 0 6px } .when, .small { color: #949ba4; font-size: 12px }
.container { background: #2b2d31; border: 1px solid #3f4147; border-left: 4px solid; border-radius: 8px;
             padding: 14px 16px; display: grid; gap: 10px; margin-top: 4px; max-width: 520px }
h2 { font-size: 20px; line-height: 1.3; color: #f2f3f5 } strong { color: #f2f3f5; font-weight: 600 }
.small { line-height: 1.45 } a { color: #00a8fc; text-decoration: none }
.film { position: relative; line-height: 0 } .film img { width: 100%; border-radius: 8px }
.play { position: absolute; inset: 0; margin: auto; width: 56px; height: 56px; border-radius: 50%; background: #000a;
        display: grid; place-items: center; color: #fff; font-size: 22px; line-height: 1; padding-left: 4px }
.file { background: #2b2d31; border: 1px solid #3f4147; border-radius: 8px; padding: 12px 16px; display: flex;
        gap: 12px; align-items: center } .file .icon { font-size: 24px }
.row { display: flex; flex-wrap: wrap; gap: 8px }
.button { background: #4e5058; color: #fff; border-radius: 8px; font-size: 14px; font-weight: 500; padding: 6px 12px;
          line-height: 20px } .primary { background: #5865f2 }
.menu { background: #1e1f22; border-radius: 8px; padding: 9px 12px; width: 100%; color: #949ba4; display: flex;
        justify-content: space-between }
"""


def inline(markdown: str) -> str:
    """Return one line of Markdown as HTML: bold text, links and escapes."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(html.escape(match[1]))
        return f"\0{len(kept) - 1}\0"

    text = html.escape(re.sub(r"\\([^\w\s])", keep, markdown), quote=False)
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"&lt;@(\d+)&gt;", r"@person", text)
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], text)


def lines(markdown: str) -> str:
    """Return Markdown of several lines as HTML, with headings and small print."""
    drawn = []
    for line in markdown.splitlines():
        if line.startswith("## "):
            drawn.append(f"<h2>{inline(line[3:])}</h2>")
        elif line.startswith("-# "):
            drawn.append(f'<div class="small">{inline(line[3:])}</div>')
        else:
            drawn.append(f"<div>{inline(line)}</div>")
    return "".join(drawn)


class Drawing:
    """Draws Discord's components as HTML.

    sizes: bytes of each file, by name. picture: what the gallery shows, as a data URL.
    """

    def __init__(self, sizes: dict[str, int], picture: str) -> None:
        self._sizes = sizes
        self._picture = picture
        self._kinds: dict[int, Callable[[Payload], str]] = {
            1: lambda part: f'<div class="row">{self.draw(part["components"])}</div>',
            2: self._button,
            3: lambda part: f'<div class="menu"><span>{html.escape(part["placeholder"])}</span><span>⌄</span></div>',
            10: lambda part: f"<div>{lines(part['content'])}</div>",
            12: self._gallery,
            13: self._file,
            17: self._container,
        }

    def draw(self, components: list[Payload]) -> str:
        """Return the HTML of several components, one after another."""
        return "".join(self._kinds[part["type"]](part) for part in components)

    def _button(self, part: Payload) -> str:
        emoji = (part.get("emoji") or {}).get("name", "")
        link = " ↗" if part.get("url") else ""
        look = "button primary" if part["style"] == 1 else "button"
        return f'<span class="{look}">{emoji} {html.escape(part["label"])}{link}</span>'

    def _gallery(self, part: Payload) -> str:
        [item] = part["items"]
        film = '<div class="play">▶</div>' if item["media"]["url"].endswith(".mp4") else ""
        alt = html.escape(item["description"])
        return f'<div class="film"><img alt="{alt}" src="{self._picture}">{film}</div>'

    def _file(self, part: Payload) -> str:
        name = part["file"]["url"].removeprefix("attachment://")
        size = f"{self._sizes[name] / 1024:.2f} KB"
        about = f'<div><a href="#">{name}</a><div class="small">{size}</div></div>'
        return f'<div class="file"><span class="icon">📄</span>{about}</div>'

    def _container(self, part: Payload) -> str:
        colour = f"border-left-color: #{part['accent_color']:06x}"
        return f'<div class="container" style="{colour}">{self.draw(part["components"])}</div>'


def message(body: Payload, picture: bytes) -> str:
    """Return one message as HTML."""
    sizes = {item["filename"]: item["size"] for item in body["attachments"]}
    drawn = Drawing(sizes, f"data:image/png;base64,{base64.b64encode(picture).decode()}").draw(body["components"])
    head = '<span class="name">Chiptune Bot</span><span class="tag">APP</span><span class="when">Today at 20:15</span>'
    return f'<div class="message"><div class="avatar">🎮</div><div>{head}{drawn}</div></div>'


def page(messages: str) -> str:
    """Return a whole HTML page of messages."""
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{messages}'


def photograph(messages: str, out: Path) -> None:
    """Save a screenshot of messages as PNG, without the empty space below them."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "post.html").write_text(page(messages), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/own"]
        shot = [f"--force-device-scale-factor={SCALE}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={out}"]
        command = ["chromium", *options, *shot, f"file://{folder}/post.html"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    whole = Image.open(out).convert("RGB")
    empty = Image.new("RGB", whole.size, whole.getpixel((0, whole.height - 1)))
    _, _, _, bottom = ImageChops.difference(whole, empty).getbbox() or (0, 0, 0, whole.height)
    whole.crop((0, 0, whole.width, min(bottom + MARGIN, whole.height))).save(out, optimize=True)


async def receive(*, fake: bool) -> tuple[list[Payload], list[bytes]]:
    """Compose a tune and vary it; return both posts as they were sent, with the files' sizes, and their pictures.

    fake: whether the tests' fake generator composes; small seeds mean something else to it, so it gets others.
    """
    generator, more = ("tests.fake_generator", 100) if fake else (None, 0)
    with tempfile.TemporaryDirectory() as name:
        async with StandIn(Path(name)) as discord:
            bot = Bot(discord, Path(name), generator=generator)
            await bot.start()
            try:
                await discord.slash("generate", {**GENERATE, "seed": GENERATE["seed"] + more})
                await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"), PATIENCE)
                [(song,)] = bot.rows("SELECT id FROM songs")
                await discord.slash("remix", {"song": song, **REMIX, "seed": REMIX["seed"] + more})
                await discord.until(lambda: len(discord.posts()) == 2, PATIENCE)
                bodies = [body for _, _, body in discord.world.edits if body.get("attachments")]
                for body, post in zip(bodies, discord.posts(), strict=True):
                    for item, sent in zip(body["attachments"], post["attachments"], strict=True):
                        item["size"] = sent["size"]
                named = "SELECT sha256 FROM files JOIN songs ON songs.id = song WHERE name = 'tune.png' ORDER BY number"
                blobs = Blobs(bot.data / "files")
                return bodies, [blobs.path(sha256).read_bytes() for (sha256,) in bot.rows(named)]
            finally:
                await bot.end()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DOCS, metavar="FOLDER")
    parser.add_argument("--fake", action="store_true", help="use the tests' fake generator, to try this program")
    parser.add_argument("--html", action="store_true", help="write post.html in place of post.png, without Chromium")
    options = parser.parse_args(arguments)
    bodies, pictures = asyncio.run(receive(fake=options.fake))
    (options.out / "post.json").write_text(json.dumps(bodies, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    messages = "".join(map(message, bodies, pictures))
    if options.html:
        (options.out / "post.html").write_text(page(messages), encoding="utf-8")
    else:
        photograph(messages, options.out / "post.png")


if __name__ == "__main__":
    main()
