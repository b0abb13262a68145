"""A request becomes a score: new tunes and remixes, with their analysis, titles and originality check."""
