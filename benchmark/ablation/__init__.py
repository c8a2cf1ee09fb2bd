"""The reference model beside its variants, and the paper's figures beside ours."""
