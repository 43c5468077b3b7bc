"""The parts of the page that `kplan.report.html` puts together, one module a section; page.css and page.js stand beside them."""
