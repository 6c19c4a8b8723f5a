"""convspec: what a person sees of a run: the results file, and the page made from it.

`reports.results` writes and reads the file, `reports.merging` puts files together, `reports.page`
makes the page.
"""
