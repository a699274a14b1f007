// SPDX-License-Identifier: MPL-2.0
// Where a row of a table does not fit, its cells stand below each other (site.css), each with its title.
for (const table of document.querySelectorAll(".content table")) {
    const titles = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    for (const row of table.querySelectorAll("tbody tr")) {
        [...row.cells].forEach((cell, i) => cell.setAttribute("data-title", titles[i] ?? ""));
    }
}
