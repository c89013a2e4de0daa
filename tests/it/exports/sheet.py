"""A timeline as a spreadsheet reads it: strict, every row complete, no cell a formula."""
import csv
import sys

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    text = file.read()
assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", ""), "lines end with CR LF"
head, *rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
assert head[:5] == ["mode", "run", "seq", "at", "at_local"], head
for row in rows:
    assert len(row) == len(head), row
    assert row[0] in ("DRILL", "REAL") and row[2].isdigit() and row[3].endswith("Z"), row
    assert row[4].endswith("+09:00"), row
    assert not any(cell.lstrip()[:1] in ("=", "+", "-", "@") for cell in row if cell), row
print(len(rows), "rows")
