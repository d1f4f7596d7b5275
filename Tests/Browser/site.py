"""The site in a real browser: no console errors, filters, sorting and boxes work by mouse and keyboard, both colour schemes
are readable, nothing scrolls sideways on a phone, and axe-core finds nothing. Pages are opened as files: no server is
needed. With --pictures, a picture of each kind of page in each scheme and width is kept."""

import argparse
import importlib.util
import sys
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

WIDE = (1280, 900)
PHONE = (375, 740)

# Text whose colour is too near to what lies behind it: WCAG 2, AA.
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const parse = (text) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const found = new Set();
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.checkVisibility() || ['SCRIPT', 'TITLE', 'DESC', 'OPTION'].includes(element.tagName.toUpperCase())) continue;
  const style = getComputedStyle(element);
  const isDrawn = element instanceof SVGElement;
  let ground = [255, 255, 255, 0];
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) { ground = colour; break; }
  }
  const [x, y] = [luminance(parse(isDrawn ? style.fill : style.color)), luminance(ground)];
  const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) found.add(`${element.tagName}.${element.getAttribute('class')}: ${ratio.toFixed(2)}`);
}
return [...found];
"""


class Check:
    """Counts what was looked at and keeps what was wrong."""

    def __init__(self) -> None:
        self.count = 0
        self.failures: list[str] = []

    def __call__(self, holds: bool, what: str) -> None:
        self.count += 1
        if not holds:
            self.failures.append(what)
            print(f"test-site: failed: {what}", file=sys.stderr)


def open_browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    except WebDriverException as error:
        # EX_UNAVAILABLE: nothing is wrong with the site, and nobody has looked at it.
        print(f"test-site: Chromium does not start here: {str(error.msg).splitlines()[0]}", file=sys.stderr)
        sys.exit(69)


class Browser:
    def __init__(self, site: Path, check: Check, pictures: Path | None) -> None:
        self.site, self.check, self.pictures = site.resolve(), check, pictures
        self.driver = open_browser()
        # Found, not imported: of that package only axe-core is wanted, and not the browser that it drives.
        package = importlib.util.find_spec("axe_playwright_python")
        self.axe = (Path(package.origin).parent / "axe.min.js").read_text()

    def scheme(self, name: str) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def size(self, size: tuple[int, int]) -> None:
        """The viewport's own size: a window cannot be as narrow as a phone."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500})

    def open(self, path: str) -> None:
        self.driver.get((self.site / path).as_uri())

    def log(self, path: str) -> None:
        entries = [entry["message"] for entry in self.driver.get_log("browser")]
        self.check(not entries, f"{path}: the console says {entries}")

    def picture(self, name: str) -> None:
        if not self.pictures:
            return
        self.pictures.mkdir(parents=True, exist_ok=True)
        height = min(self.driver.execute_script("return document.documentElement.scrollHeight"), 2400)
        width = self.driver.execute_script("return window.innerWidth")
        self.size((width, height))
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))

    def look(self, path: str, name: str) -> None:
        """Everything that can be said of a page without knowing what is on it."""
        for size, width in [(WIDE, "wide"), (PHONE, "phone")]:
            for scheme in ["light", "dark"]:
                self.size(size)
                self.scheme(scheme)
                self.open(path)
                place = f"{path} ({width}, {scheme})"
                self.log(place)
                over = self.driver.execute_script(
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                self.check(over <= 0, f"{place} scrolls sideways by {over}")
                dim = self.driver.execute_script(CONTRAST)
                self.check(not dim, f"{place}: too little contrast: {dim}")
                ground = self.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
                self.check(
                    (ground == "rgb(255, 255, 255)") == (scheme == "light"), f"{place}: the ground is {ground}")
                if width == "wide":
                    self.driver.execute_script(self.axe)
                    found = self.driver.execute_async_script(
                        "const done = arguments[arguments.length - 1];"
                        "axe.run({preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
                        ".then((r) => done(r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3)"
                        ".map((n) => n.html.slice(0, 160)).join(' | '))))")
                    self.check(not found, f"{place}: axe-core: {found}")
                self.picture(f"{name}-{width}-{scheme}")

    def shown(self, table: str) -> int:
        return len([row for row in self.driver.find_elements(By.CSS_SELECTOR, f"#{table} > tbody > tr")
                    if row.is_displayed()])

    def wait(self, what: str, condition) -> None:
        try:
            WebDriverWait(self.driver, 5).until(lambda _: condition())
            self.check(True, what)
        except Exception:  # noqa: BLE001 - a browser has many ways to say that something is not there
            self.check(False, what)


def filters(browser: Browser) -> None:
    driver, check = browser.driver, browser.check
    browser.size(WIDE)
    browser.open("tables/table01/index.html")
    table = "table01"
    rows = browser.shown(table)
    Select(driver.find_element(By.ID, "table01-f1")).select_by_value("mIoU")
    status = driver.find_element(By.CSS_SELECTOR, ".count")
    check(0 < browser.shown(table) < rows, "a metric's filter leaves some rows")
    check(status.text == f"{browser.shown(table)} of {rows} rows", f"the filter counts: {status.text}")
    Select(driver.find_element(By.ID, "table01-c")).select_by_value("0")
    cells = [cell for cell in driver.find_elements(By.CSS_SELECTOR, "#table01 > tbody > tr > td") if cell.is_displayed()]
    check(len(cells) == browser.shown(table), "a column's filter leaves one cell a row")
    driver.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    browser.wait("reset shows every row", lambda: browser.shown(table) == rows)

    browser.open("runs/cityscapes/index.html")
    rows = browser.shown("runs")
    driver.find_element(By.ID, "runs-search").send_keys("mobilenet kd")
    check(0 < browser.shown("runs") < rows, "searching leaves some runs")
    driver.find_element(By.ID, "runs-search").send_keys(" nothingofthekind")
    check(browser.shown("runs") == 0, "searching for nothing leaves none")
    check(driver.find_element(By.CSS_SELECTOR, ".count").text == "No row fits", "an empty table says so")

    browser.open("claims/index.html")
    Select(driver.find_element(By.ID, "claims-ours")).select_by_value("holds")
    badges = {row.find_elements(By.CSS_SELECTOR, ".badge")[1].text
              for row in driver.find_elements(By.CSS_SELECTOR, "#claims > tbody > tr") if row.is_displayed()}
    check(badges == {"holds"}, f"claims that hold in ours: {badges}")


def sorting(browser: Browser) -> None:
    driver, check = browser.driver, browser.check
    browser.open("runs/cityscapes/index.html")
    head = driver.find_elements(By.CSS_SELECTOR, "#runs thead th")[4]
    button = head.find_element(By.TAG_NAME, "button")

    def values() -> list[float]:
        cells = driver.find_elements(By.CSS_SELECTOR, "#runs tbody td:nth-of-type(4)")
        return [float(cell.get_attribute("data-value")) for cell in cells if cell.get_attribute("data-value")]

    button.send_keys(Keys.ENTER)
    check(head.get_attribute("aria-sort") == "ascending" and values() == sorted(values()), "the keyboard sorts")
    button.click()
    check(head.get_attribute("aria-sort") == "descending" and values() == sorted(values(), reverse=True),
          "a second click turns the order")


def boxes(browser: Browser) -> None:
    driver, check = browser.driver, browser.check
    browser.size(WIDE)
    browser.open("tables/table04/index.html")
    button = driver.find_element(By.CSS_SELECTOR, "button.cell")
    box = driver.find_element(By.ID, button.get_attribute("popovertarget"))
    check(not box.is_displayed(), "boxes are closed at first")
    button.click()
    browser.wait("a click opens a box", box.is_displayed)
    check(all(word in box.text for word in ["Seed", "Commit", "Data", "Weights"]), f"the box tells: {box.text}")
    inside = driver.execute_script(
        "const r = arguments[0].getBoundingClientRect();"
        "return r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight", box)
    check(inside, "the box is on the screen")
    browser.picture("box-wide")
    browser.size(WIDE)
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    browser.wait("escape closes it", lambda: not box.is_displayed())

    other = driver.find_elements(By.CSS_SELECTOR, "button.cell")[3]
    second = driver.find_element(By.ID, other.get_attribute("popovertarget"))
    ActionChains(driver).move_to_element(other).perform()
    browser.wait("a resting pointer opens a box", second.is_displayed)
    ActionChains(driver).move_to_element(driver.find_element(By.TAG_NAME, "h1")).perform()
    browser.wait("and a pointer that leaves closes it", lambda: not second.is_displayed())
    ActionChains(driver).move_to_element(other).perform()
    browser.wait("the pointer is back", second.is_displayed)
    other.click()
    ActionChains(driver).move_to_element(driver.find_element(By.TAG_NAME, "h1")).pause(0.6).perform()
    check(second.is_displayed(), "a click keeps what the pointer has opened")

    # By the keyboard alone: the skip link first, then on to the table and into a box.
    browser.open("tables/table04/index.html")
    ActionChains(driver).send_keys(Keys.TAB).perform()
    check(driver.switch_to.active_element.text == "Skip to content", "the first stop is the skip link")
    ActionChains(driver).send_keys(Keys.ENTER).perform()
    for _ in range(12):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        if "cell" in (driver.switch_to.active_element.get_attribute("class") or ""):
            break
    at = driver.switch_to.active_element
    check(at.get_attribute("class") == "cell", "tabs reach a cell")
    outline = driver.execute_script("return getComputedStyle(arguments[0]).outlineStyle", at)
    check(outline == "solid", f"what has the focus is seen: {outline}")
    target = driver.find_element(By.ID, at.get_attribute("popovertarget"))
    browser.wait("focus opens the box", target.is_displayed)
    ActionChains(driver).send_keys(Keys.TAB).perform()
    check(driver.execute_script("return arguments[0].contains(document.activeElement)", target),
          "the next stop is in the box")
    check(target.is_displayed(), "and it stays open")
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    browser.wait("escape closes it for the keyboard", lambda: not target.is_displayed())
    browser.log("tables/table04/index.html")

    browser.size(PHONE)
    browser.open("tables/table04/index.html")
    button = driver.find_element(By.CSS_SELECTOR, "button.cell")
    button.click()
    browser.wait("a box opens on a phone", lambda: driver.find_element(By.CSS_SELECTOR, "[popover]").is_displayed())
    browser.picture("box-phone")


def without_script(site: Path, browser: Browser) -> None:
    """Pages are complete without the script: no filter, and boxes open still."""
    driver = browser.driver
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.size(WIDE)
    browser.open("tables/table04/index.html")
    browser.check(not driver.find_element(By.CSS_SELECTOR, "form.filters").is_displayed(), "no filter without script")
    button = driver.find_element(By.CSS_SELECTOR, "button.cell")
    button.click()
    box = driver.find_element(By.ID, button.get_attribute("popovertarget"))
    browser.wait("a box opens without script", box.is_displayed)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("nights", type=Path, help="a site with a history of nights")
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    check = Check()
    browser = Browser(arguments.site, check, arguments.pictures)
    try:
        run = sorted((arguments.site / "runs").glob("cityscapes-*"))[0].name
        pages = {
            "overview": "index.html", "tables": "tables/index.html", "claims": "claims/index.html",
            "claim": "claims/A01-jml-beats-ce-miou/index.html", "runs": "runs/index.html",
            "dataset": "runs/cityscapes/index.html", "run": f"runs/{run}/index.html",
            "figures": "figures/index.html", "figure4": "figures/figure4/index.html",
            "nightly": "nightly/index.html", "speed": "speed/index.html",
        } | {path.name: f"tables/{path.name}/index.html" for path in sorted((arguments.site / "tables").glob("table*"))}
        for name, path in pages.items():
            browser.look(path, name)
        browser.scheme("light")
        filters(browser)
        sorting(browser)
        boxes(browser)
        without_script(arguments.site, browser)
        # Every page loads.
        browser.size(WIDE)
        others = [path for path in sorted(arguments.site.rglob("index.html"))]
        for path in others:
            browser.open(str(path.relative_to(arguments.site)))
        browser.log(f"all {len(others)} pages")
        browser.site = arguments.nights.resolve()
        for name, path in [("nights", "nightly/index.html"), ("sparklines", "tables/table04/index.html")]:
            browser.look(path, name)
        browser.check(bool(browser.driver.find_elements(By.CSS_SELECTOR, ".spark svg")), "cells have sparklines")
        browser.open("nightly/index.html")
        changes = [item.text for item in browser.driver.find_elements(By.CSS_SELECTOR, ".notes li li")]
        browser.check(len(changes) == 2 and "Table 4, Cityscapes, DL3-R18, CE: from 25." in changes[0],
                      f"the page of nights names two change points: {changes}")
        browser.check(len(browser.driver.find_elements(By.CSS_SELECTOR, "svg .stroke-orange")) == 6,
                      "and draws them")
    finally:
        browser.driver.quit()
    print(f"test-site: {check.count - len(check.failures)} of {check.count} checks hold")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
