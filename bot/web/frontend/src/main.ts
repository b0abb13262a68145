// Where the page starts: its style sheets, the elements that index.html uses, and the views.

import "./style/tokens.css";
import "./page/style.css";
import "./page/app.js";
