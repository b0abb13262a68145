// The contest: a weekly round of nominations and votes, and the hall of fame. The page shows no counts of votes before a
// round is over.

const REFRESH_MILLISECONDS = 30000;
const OUTCOMES = {
  "no-nominations": "no one nominated a tune",
  "no-votes": "no one voted, so there is no winner",
  stopped: "it was stopped, without a winner",
};

// call, sendJson: send requests to the server. open: shows a song by its id. sentence: an error's text. current: returns the
// id of the song in the player.
export function makeContest(call, sendJson, open, sentence, current) {
  const $ = (id) => document.getElementById(id);
  let stage = null;
  let shown = ""; // the server's last answer
  let famed; // the round up to which the hall of fame is shown
  let failed = false; // whether the message is about a failed refresh

  function say(words) {
    failed = false;
    $("contest-message").textContent = words;
    $("contest-message").hidden = !words;
  }

  async function act(path, fields, message) {
    try {
      show(await sendJson(`/api/contest/${path}`, fields));
      say(message);
    } catch (error) {
      say(sentence(error));
    }
  }

  // If nothing has changed, the page is not touched: someone may be reading, or have focused a button.
  function show(contest) {
    if (JSON.stringify(contest) === shown) return;
    shown = JSON.stringify(contest);
    stage = contest.round === null ? null : contest.stage;
    $("contest-title").textContent = contest.round === null ? "Contest" : `Contest, round ${contest.round}`;
    $("contest-how").textContent = how(contest);
    $("contest-last").textContent = ended(contest.last);
    $("contest-last").hidden = !contest.last;
    list((contest.songs || []).map((song) => item(contest, song)));
    $("contest-start").hidden = !contest.manages || (contest.round !== null && !contest.ending);
    $("contest-start").textContent = contest.ending ? "Continue the contest" : "Start a weekly contest";
    $("contest-stop").hidden = !contest.manages || contest.round === null || contest.ending;
    $("contest-end").hidden = !contest.manages || contest.round === null;
    $("nominate").hidden = stage !== "nominating" || contest.left === 0;
  }

  // Show the songs' rows. The focus stays on the same button.
  function list(rows) {
    const focused = document.activeElement.closest("#contest-songs li");
    const place = focused ? [...focused.children].indexOf(document.activeElement) : -1;
    $("contest-songs").replaceChildren(...rows);
    const row = focused && rows.find((item) => item.dataset.id === focused.dataset.id);
    if (row && row.children[place]) row.children[place].focus();
  }

  function item(contest, song) {
    const row = document.createElement("li");
    row.dataset.id = song.id;
    row.append(namedButton(song.title, "name", () => open(song.id)));
    if (contest.stage === "voting") {
      const mine = contest.vote === song.id;
      const vote = namedButton(mine ? "Your vote" : "Vote", "", () => act("vote", { song: song.id }, `Your vote is for “${song.title}”.`));
      vote.setAttribute("aria-pressed", String(mine));
      row.append(vote);
    } else if (song.mine) {
      row.append(namedButton("take back", "quiet", () => act("withdraw", { song: song.id }, `“${song.title}” is no longer nominated.`)));
    }
    return row;
  }

  async function refresh() {
    try {
      const contest = await call("/api/contest");
      show(contest);
      const last = contest.last ? contest.last.round : null;
      if (last !== famed) await fame(0);
      famed = last;
      if (failed) say("");
    } catch (error) {
      say(sentence(error));
      failed = true;
    }
  }

  async function fame(start) {
    const songs = await call(`/api/contest/hall-of-fame?start=${start}`);
    if (!start) $("fame").replaceChildren();
    for (const song of songs) {
      const row = document.createElement("li");
      row.append(namedButton(song.title, "name", () => open(song.id)), note(`round ${song.round} · ${counted(song.contest_votes)}`));
      $("fame").append(row);
    }
    $("fame-title").hidden = !$("fame").children.length;
    $("fame-more").hidden = songs.length < 10;
  }

  $("nominate").addEventListener("click", () => act("nominate", { song: current() }, "It is nominated.").then(() => $("contest-title").scrollIntoView({ block: "nearest" })));
  $("contest-start").addEventListener("click", () => act("start", {}, ""));
  $("contest-stop").addEventListener("click", () => act("stop", {}, "This round is the last one."));
  $("contest-end").addEventListener("click", () => {
    if (confirm("End this round now, without a winner?")) act("stop", { at_once: true }, "");
  });
  $("fame-more").addEventListener("click", () => fame($("fame").children.length).catch((error) => say(sentence(error))));
  setInterval(refresh, REFRESH_MILLISECONDS);
  refresh();
}

function how(contest) {
  if (contest.round === null) return "There is no contest. In each round of one, people nominate tunes for five days, then vote for two days.";
  const last = contest.ending ? " This is the last round." : "";
  if (contest.stage === "nominating") {
    return `Open a tune and nominate it, until ${when(contest.voting)}. You have ${contest.left} left.${last}`;
  }
  return `One vote each, until ${when(contest.closes)}, but not for your own tune. You can change it. The votes are shown when the round is over.${last}`;
}

function ended(last) {
  if (!last) return "";
  const winner = last.songs.find((song) => song.won);
  if (winner) return `Round ${last.round} was won by “${winner.title}”, with ${winner.votes} of ${counted(last.voters)}.`;
  return `Round ${last.round} is over: ${OUTCOMES[last.outcome] || "the winning tune has been deleted"}.`;
}

function namedButton(words, name, pressed) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = name;
  button.textContent = words;
  button.addEventListener("click", pressed);
  return button;
}

function note(words) {
  const part = document.createElement("span");
  part.className = "meta";
  part.textContent = words;
  return part;
}

const when = (seconds) => new Date(1000 * seconds).toLocaleString([], { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
const counted = (number) => `${number} vote${number === 1 ? "" : "s"}`;
