// A battle: two tunes without their names, and which is better; then the names. Their pictures begin below the title, which
// the style sheet cuts off.

const LETTERS = ["a", "b"];

// call, sendJson: ask the server. open: shows a song by its id. sentence: what an error says. judged: called afterwards.
export function makeBattle(call, sendJson, open, sentence, judged) {
  const $ = (id) => document.getElementById(id);
  const choices = [...document.querySelectorAll("#battle-choices button")];
  let pair = null;

  function say(words) {
    $("battle-said").textContent = words;
    $("battle-said").hidden = !words;
  }

  async function next() {
    say("");
    try {
      pair = await call("/api/battle");
    } catch (error) {
      pair = null;
      say(sentence(error));
    }
    $("battle-pair").hidden = $("battle-choices").hidden = !pair;
    $("battle-next").textContent = pair ? "Another pair" : "Compare two tunes";
    $("battle-next").hidden = Boolean(pair);
    for (const letter of LETTERS) {
      $(`battle-${letter}-name`).hidden = true;
      $(`battle-${letter}-picture`).src = pair ? pair[letter].picture : "";
      $(`battle-${letter}-audio`).src = pair ? pair[letter].audio : "";
    }
    for (const button of choices) button.disabled = false;
  }

  async function choose(winner) {
    for (const button of choices) button.disabled = true;
    try {
      const songs = await sendJson("/api/battle", { a: pair.a.id, b: pair.b.id, winner });
      for (const letter of LETTERS) {
        const name = $(`battle-${letter}-name`);
        name.textContent = songs[letter].title;
        name.onclick = () => open(songs[letter].id);
        name.hidden = false;
      }
      say("Thank you. These are their names:");
      judged();
    } catch (error) {
      say(sentence(error));
    }
    $("battle-choices").hidden = true;
    $("battle-next").hidden = false;
  }

  // One sounds at a time.
  for (const [one, other] of [["a", "b"], ["b", "a"]]) {
    $(`battle-${one}-audio`).addEventListener("play", () => $(`battle-${other}-audio`).pause());
  }
  for (const button of choices) button.addEventListener("click", () => choose(button.dataset.winner));
  $("battle-next").addEventListener("click", next);
}
