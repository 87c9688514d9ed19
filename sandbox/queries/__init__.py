"""Graph's query options: what a request may ask of a list, read into trees and run over records."""
