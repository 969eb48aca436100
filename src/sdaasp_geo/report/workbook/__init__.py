"""The workbook for partners: one file that a spreadsheet opens, headings and notes in French."""
