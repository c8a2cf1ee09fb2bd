"""The reference model beside its variants: which result plays which part, and the paper's figures beside ours."""
