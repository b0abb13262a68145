// The taste of the page's voters, in the server's words and, once there is a taste, as a bar for each feature. The line on
// a bar shows the possible range (95 %).

const HALVES = [10, 20, 30, 40, 50]; // the possible lengths of half the axis, in percentage points

// call: sends a request to the server. fail: shows an error.
export function makeTaste(call, fail) {
  const $ = (id) => document.getElementById(id);

  async function load() {
    try {
      const taste = await call("/api/taste");
      $("taste-words").textContent = taste.words[0];
      $("taste-more").textContent = taste.words.slice(1).join(" ");
      const edges = taste.features.flatMap((feature) => [points(feature.low), points(feature.high)]);
      const half = HALVES.find((half) => edges.every((edge) => Math.abs(edge) <= half)) || 50;
      $("taste-features").replaceChildren(...taste.features.map((feature) => row(feature, half)));
      $("taste-plot").hidden = !taste.features.length;
      for (const end of document.querySelectorAll("#taste-axis [data-part]")) end.textContent = `${end.dataset.part}${half}\u00a0%`;
    } catch (error) {
      fail(error);
    }
  }

  load();
  return { refresh: load };
}

// Convert a logit into the percentage points by which it moves a like's chance of 50 %.
const points = (logit) => 100 / (1 + Math.exp(-logit)) - 50;

function row(feature, half) {
  const item = document.createElement("li");
  const sure = feature.low > 0 || feature.high < 0;
  const bar = document.createElement("span");
  bar.className = "bar";
  bar.append(part(sure ? "sure" : "unsure", 0, points(feature.weight), half), part("possible", points(feature.low), points(feature.high), half));
  item.append(label(feature.less, sure && feature.weight < 0), bar, label(feature.more, sure && feature.weight > 0));
  return item;
}

function label(words, liked) {
  const element = document.createElement(liked ? "strong" : "span");
  element.textContent = words;
  return element;
}

function part(name, from, to, half) {
  const element = document.createElement("span");
  element.className = name;
  element.style.left = `${50 + (50 * Math.min(from, to)) / half}%`;
  element.style.width = `${(50 * Math.abs(to - from)) / half}%`;
  return element;
}
