"""convspec: what a person sees of a run: the results file, and the pages made from it.

`reports.results` writes and reads the file, `reports.merging` puts files together, `reports.pages`
makes a site of them, or one page that holds it all.
"""
