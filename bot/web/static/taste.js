// What people of this page like, in words and, once there is a taste, as a bar for each feature with the line that holds
// 95 % of what is possible. The words are the server's.

const HALVES = [10, 20, 30, 40, 50]; // what half of the axis may be, in points of a hundred

// call: asks the server. fail: says what went wrong.
export function makeTaste(call, fail) {
  const $ = (id) => document.getElementById(id);

  async function load() {
    try {
      const taste = await call("/api/taste");
      $("taste-words").textContent = taste.words[0];
      $("taste-more").textContent = taste.words.slice(1).join(" ");
      const lines = taste.features.flatMap((one) => [points(one.low), points(one.high)]);
      const half = HALVES.find((one) => lines.every((edge) => Math.abs(edge) <= one)) || 50;
      $("taste-features").replaceChildren(...taste.features.map((one) => row(one, half)));
      $("taste-plot").hidden = !taste.features.length;
      for (const end of document.querySelectorAll("#taste-axis [data-part]")) end.textContent = `${end.dataset.part}${half}\u00a0%`;
    } catch (error) {
      fail(error);
    }
  }

  load();
  return { refresh: load };
}

// How many points of a hundred a logit moves the chance of a like that is even without it.
const points = (logit) => 100 / (1 + Math.exp(-logit)) - 50;

function row(one, half) {
  const item = document.createElement("li");
  const sure = one.low > 0 || one.high < 0;
  const bar = document.createElement("span");
  bar.className = "bar";
  bar.append(part(sure ? "sure" : "unsure", 0, points(one.weight), half), part("possible", points(one.low), points(one.high), half));
  item.append(label(one.less, sure && one.weight < 0), bar, label(one.more, sure && one.weight > 0));
  return item;
}

function label(words, liked) {
  const made = document.createElement(liked ? "strong" : "span");
  made.textContent = words;
  return made;
}

function part(name, from, to, half) {
  const made = document.createElement("span");
  made.className = name;
  made.style.left = `${50 + (50 * Math.min(from, to)) / half}%`;
  made.style.width = `${(50 * Math.abs(to - from)) / half}%`;
  return made;
}
