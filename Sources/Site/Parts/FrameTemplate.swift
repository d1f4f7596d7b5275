extension Templates {
  static let frame = #"""
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="{{description}}">
    <title>{{title}} – {{siteTitle}}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="{{root}}{{style}}">
    <link rel="alternate" type="application/json" href="page.json" title="This page for programs">
    <script src="{{root}}{{script}}" defer></script>
    </head>
    <body>
    <a class="skip" href="#main">Skip to content</a>
    <header class="site">
    <div class="wrap">
    <a class="brand" href="{{root}}index.html">{{siteTitle}}</a>
    <nav aria-label="Site">
    <ul>
    {{#navigation}}
    <li><a href="{{root}}{{href}}"{{#isCurrent}} aria-current="{{current}}"{{/isCurrent}}>{{text}}</a></li>
    {{/navigation}}
    </ul>
    </nav>
    </div>
    </header>
    <main id="main" class="wrap" tabindex="-1">
    {{#hasCrumbs}}
    <p class="crumbs">{{#crumbs}}<a href="{{root}}{{href}}">{{text}}</a> / {{/crumbs}}</p>
    {{/hasCrumbs}}
    {{{body}}}
    </main>
    <footer>
    <div class="wrap">
    <p>Profile <code>{{profile}}</code></p>
    <p><a href="page.json">This page as JSON</a></p>
    </div>
    </footer>
    </body>
    </html>

    """#
}
