"""The protocol by which PESQLike gets its coefficients, and the page that says how well it then does.

Speech comes from the embedded virtual voices and from recordings inside installable packages, so that anybody
can run it; nothing of it is committed but the script, the coefficients and the table of results. Talkers,
noises, enhancers and distortions of the evaluation are not those of the fit.
"""
