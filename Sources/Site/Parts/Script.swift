/// The site's one script. Pages are complete without it: it adds filters, sorting, and provenance on hover and focus.
enum Script {
  static let fileName = "site.js"

  static let javaScript = #"""
    "use strict";
    // Filters: a form names its table by data-for; its selects name a part of the rows (data-f0, data-f1, ...), or the
    // columns (data-columns); its search field looks into the rows' text.
    for (const form of document.querySelectorAll("form.filters")) {
      const table = document.getElementById(form.dataset.for);
      if (!table) continue;
      const rows = [...table.tBodies[0].rows];
      const status = form.querySelector(".count");
      const texts = rows.map((row) => row.textContent.toLowerCase());
      const apply = () => {
        let shown = 0;
        const words = [...form.querySelectorAll("input[type=search]")]
          .flatMap((input) => input.value.toLowerCase().split(/\s+/)).filter(Boolean);
        const selects = [...form.querySelectorAll("select[data-part]")].filter((select) => select.value !== "");
        rows.forEach((row, index) => {
          const fits = selects.every((select) => row.getAttribute("data-" + select.dataset.part) === select.value)
            && words.every((word) => texts[index].includes(word));
          row.hidden = !fits;
          if (fits) shown += 1;
        });
        const columns = form.querySelector("select[data-columns]");
        if (columns) {
          for (const cell of table.querySelectorAll("[data-c]")) {
            cell.hidden = columns.value !== "" && cell.dataset.c !== columns.value;
          }
        }
        status.textContent = shown === rows.length
          ? `${rows.length} rows` : shown === 0 ? "No row fits" : `${shown} of ${rows.length} rows`;
      };
      form.hidden = false;
      for (const name of ["input", "change"]) form.addEventListener(name, apply);
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("reset", () => setTimeout(apply, 0));
      apply();
    }

    // Sorting: a column's header becomes a button.
    for (const table of document.querySelectorAll("table[data-sortable]")) {
      const body = table.tBodies[0];
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, index) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener("click", () => {
          const ascending = head.getAttribute("aria-sort") !== "ascending";
          for (const other of heads) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
          const key = (row) => row.cells[index].dataset.value ?? row.cells[index].textContent.trim();
          const compare = (a, b) => {
            const [left, right] = [key(a), key(b)];
            const [x, y] = [Number(left), Number(right)];
            if (left === "" || right === "") return left === right ? 0 : left === "" ? 1 : -1;
            const order = Number.isNaN(x) || Number.isNaN(y) ? left.localeCompare(right, "en") : x - y;
            return ascending ? order : -order;
          };
          body.append(...[...body.rows].sort(compare));
        });
      });
    }

    // Provenance: a click opens it anyway; a resting pointer and the keyboard's focus do so too, beside the cell.
    if ("popover" in HTMLElement.prototype) {
      const place = (button, box) => {
        if (window.innerWidth < 640) return;
        const at = button.getBoundingClientRect();
        const size = box.getBoundingClientRect();
        const left = Math.max(16, Math.min(at.right - size.width, window.innerWidth - size.width - 16));
        const below = at.bottom + 6;
        const top = below + size.height < window.innerHeight ? below : Math.max(16, at.top - size.height - 6);
        Object.assign(box.style, { inset: "auto", margin: "0", left: `${left}px`, top: `${top}px` });
      };
      for (const button of document.querySelectorAll("button.cell[popovertarget]")) {
        const box = document.getElementById(button.getAttribute("popovertarget"));
        if (!box) continue;
        let timer = 0;
        // A click on a box that the pointer has opened already keeps it.
        button.popoverTargetAction = "show";
        const open = () => box.matches(":popover-open");
        const show = () => { if (!open()) { box.showPopover({ source: button }); } };
        const later = (action, delay) => { clearTimeout(timer); timer = setTimeout(action, delay); };
        const leave = () => {
          if (open() && !box.matches(":hover") && !button.matches(":hover")
            && !box.contains(document.activeElement) && document.activeElement !== button) box.hidePopover();
        };
        box.addEventListener("toggle", (event) => {
          if (event.newState === "open") place(button, box);
          else for (const name of ["inset", "margin", "left", "top"]) box.style.removeProperty(name);
        });
        for (const target of [button, box]) {
          target.addEventListener("pointerleave", () => later(leave, 250));
          target.addEventListener("focusout", () => later(leave, 100));
        }
        button.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") later(show, 350); });
        box.addEventListener("pointerenter", () => clearTimeout(timer));
        button.addEventListener("focus", () => { if (button.matches(":focus-visible")) later(show, 350); });
        button.addEventListener("click", () => clearTimeout(timer));
      }
    }

    """#
}
