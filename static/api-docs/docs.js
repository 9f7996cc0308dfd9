// Swagger's own dark colours hang on a class. Before the page is drawn, so that it does not flash.
const chosen = document.documentElement.dataset.theme;
const system = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : system.matches);

system.addEventListener("change", paint);
paint();
