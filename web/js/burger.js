// The left menu of a phone. Without scripts the button is a link to #side, which shows the menu as :target.
const button = document.querySelector("[data-burger]");
const side = button && document.getElementById("side");

function show(open) {
  side.classList.toggle("open", open);
  button.setAttribute("aria-expanded", String(open));
}

if (side) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    show(!side.classList.contains("open"));
  });
  button.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      button.click();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) {
      show(false);
      button.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!side.contains(event.target) && !button.contains(event.target)) show(false);
  });
}
