// The chart: the tunes that people like best, among the recent ones or all. A bar shows the share of likes that is certain,
// its thin end how large the share may be (95 %).

const PAGE = 5;
const EMPTY = {
  votes: "No tune of that period has a like from someone else yet.",
  battles: "No two tunes have been compared yet.",
};
const HOW = {
  votes: "The bar shows the share of likes that is certain, the line how large it may be (95\u00a0%).",
  battles: "The bar shows how certain it is that a tune is preferred to an average one, the line the possible range (95\u00a0%).",
};

// call: sends a request to the server. open: shows a song by its id. fail: shows an error.
export function makeChart(call, open, fail) {
  const $ = (id) => document.getElementById(id);
  const tabs = [...document.querySelectorAll("#periods button")];
  let period = "week";

  async function load(start) {
    const requested = period;
    try {
      const songs = await call(`/api/top?${period === "battles" ? "ranking=battles" : `period=${period}`}&limit=${PAGE + 1}&start=${start}`);
      if (requested !== period) return; // another period was chosen meanwhile
      if (!start) $("chart").replaceChildren();
      $("chart").append(...songs.slice(0, PAGE).map((song) => place(song, open)));
      $("chart-empty").textContent = EMPTY[period] || EMPTY.votes;
      $("chart-how").textContent = HOW[period] || HOW.votes;
      $("chart-empty").hidden = $("chart").children.length > 0;
      $("chart-more").hidden = songs.length <= PAGE;
    } catch (error) {
      fail(error);
    }
  }

  function select(name) {
    period = name;
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.period === period));
    return load(0);
  }

  for (const tab of tabs) tab.addEventListener("click", () => select(tab.dataset.period));
  $("chart-more").addEventListener("click", () => load($("chart").children.length));
  select(period);
  return { refresh: () => load(0) };
}

function place(song, open) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  const votes = song.battles ? counted(song.battles, "battle") : `${counted(song.likes, "like")}${song.dislikes ? `, ${counted(song.dislikes, "dislike")}` : ""}`;
  const sure = `${percent(song.low)} to ${percent(song.high)}`;
  for (const [name, words] of [["rank", song.rank], ["name", song.title], ["meta", votes], ["sum", sure]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = words;
    button.append(part);
  }
  button.append(bar(song));
  button.addEventListener("click", () => open(song.id));
  item.append(button);
  return item;
}

function bar(song) {
  const whole = document.createElement("span");
  whole.className = "bar";
  for (const [name, from, to] of [["sure", 0, song.low], ["possible", song.low, song.high]]) {
    const part = document.createElement("span");
    part.className = name;
    part.style.left = `${100 * from}%`;
    part.style.width = `${100 * (to - from)}%`;
    whole.append(part);
  }
  return whole;
}

const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
