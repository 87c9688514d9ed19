"""What a pipeline asks of GitHub: the one comment on a pull request, and the run whose plans were reviewed.

`address` says where, `client` opens the library with the job's own token, `comments` keeps the comment, `runs` finds
the run. Another forge takes the same Markdown file through its own API; nothing else knows which forge there is.
"""
