extension Templates {
  static let overview = #"""
    <h1>{{heading}}</h1>
    <p class="lead">{{lead}}</p>
    {{#warns}}
    <p class="callout">These are numbers of profile <code>{{profileName}}</code>: small crops of small data, the same grid, networks and methods. They compare methods with each other, not with the paper’s absolute numbers.</p>
    {{/warns}}
    <dl class="stats">
    {{#stats}}
    <div><dt>{{label}}</dt><dd>{{number}}<small>{{small}}</small></dd></div>
    {{/stats}}
    </dl>
    {{#hasClaims}}
    <h2>What the paper says, counted</h2>
    <figure>{{{claimsChart}}}<figcaption>{{claimsCaption}} <a href="{{claimsHref}}">Every claim</a></figcaption></figure>
    {{/hasClaims}}
    <h2>Tables</h2>
    <div class="scroll" role="region" aria-label="State of every table" tabindex="0">
    \#(tableList)
    </div>
    {{#hasFigures}}
    <h2>Figures</h2>
    <ul>
    {{#figures}}
    <li><a href="{{href}}">{{label}}</a></li>
    {{/figures}}
    </ul>
    {{/hasFigures}}

    """#
}
