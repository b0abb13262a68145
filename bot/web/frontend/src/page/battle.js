// A battle: two tunes without their names, and the question which is better. The names are shown afterwards. The style sheet
// cuts the titles off the pictures.

const LETTERS = ["a", "b"];

// call, sendJson: send requests to the server. open: shows a song by its id. sentence: an error's text. judged: called after
// a judgement.
export function makeBattle(call, sendJson, open, sentence, judged) {
  const $ = (id) => document.getElementById(id);
  const choices = [...document.querySelectorAll("#battle-choices button")];
  let pair = null;

  function say(words) {
    $("battle-message").textContent = words;
    $("battle-message").hidden = !words;
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
      say("Thank you. These are the tunes:");
      judged();
    } catch (error) {
      say(sentence(error));
    }
    $("battle-choices").hidden = true;
    $("battle-next").hidden = false;
  }

  // Only one tune plays at a time.
  for (const [letter, other] of [["a", "b"], ["b", "a"]]) {
    $(`battle-${letter}-audio`).addEventListener("play", () => $(`battle-${other}-audio`).pause());
  }
  for (const button of choices) button.addEventListener("click", () => choose(button.dataset.winner));
  $("battle-next").addEventListener("click", next);
}
