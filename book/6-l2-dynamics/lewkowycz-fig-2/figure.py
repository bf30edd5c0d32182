"""How long training takes until the test accuracy peaks, over eta and lambda (figure 2)."""
