// Where the page starts: its style sheets, the player's element, the views, and what makes it work without a network.

import "./style/tokens.css";
import "./views/page.css";
import "./player/player.css";
import "./player/player.ts";
import { startPage } from "./views/app.ts";

startPage();
if ("serviceWorker" in navigator && window.isSecureContext) void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
