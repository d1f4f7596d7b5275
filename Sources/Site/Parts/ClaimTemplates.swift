extension Templates {
  static let claims = #"""
    <h1>Claims</h1>
    {{^hasClaims}}
    <p class="lead">No claim has been judged in this folder of results yet.</p>
    <pre><code>{{command}}</code></pre>
    {{/hasClaims}}
    {{#hasClaims}}
    <p class="lead">What the paper says, counted over cells of its tables: once in its own numbers, once in ours.</p>
    <figure>{{{chart}}}<figcaption>{{lead}}</figcaption></figure>
    <form class="filters" data-for="claims" hidden>
    {{#filters}}
    <label for="{{key}}">{{label}}
    <select id="{{key}}" data-part="{{part}}"><option value="">all</option>{{#options}}<option value="{{value}}">{{label}}</option>{{/options}}</select></label>
    {{/filters}}
    <label for="claims-search">Search
    <input id="claims-search" type="search" autocomplete="off"></label>
    <button class="plain" type="reset">Reset</button>
    <p class="count" role="status" aria-live="polite"></p>
    </form>
    <p class="legend" id="legend">n/m: n of m comparisons hold. Δ: mean difference of ours towards the claim; d: the same in pooled deviations; p: one-sided, then after Holm’s correction over all claims.</p>
    <div class="scroll" role="region" aria-label="Claims" tabindex="0">
    <table class="wide" id="claims" aria-describedby="legend">
    <thead><tr><th scope="col">Claim</th><th scope="col">Statement</th><th scope="col">Paper</th><th scope="col">Ours</th><th scope="col">Needs</th><th scope="col" class="num">Δ</th><th scope="col" class="num">d</th><th scope="col" class="num">p</th><th scope="col" class="num">p (Holm)</th></tr></thead>
    <tbody>
    {{#rows}}
    <tr{{#paper}} data-paper="{{verdict}}"{{/paper}}{{#ours}} data-ours="{{verdict}}"{{/ours}}><th scope="row"><a href="{{href}}">{{name}}</a></th><td>{{statement}}</td>{{#paper}}<td><span class="badge {{tone}}">{{verdict}}</span><span class="sub">{{count}}</span></td>{{/paper}}{{#ours}}<td><span class="badge {{tone}}">{{verdict}}</span><span class="sub">{{count}}</span></td>{{/ours}}<td class="none">{{needs}}</td><td class="num">{{towards}}</td><td class="num">{{effect}}</td><td class="num">{{p}}</td><td class="num">{{holm}}</td></tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    {{/hasClaims}}

    """#

  static let claim = #"""
    <h1>{{name}}: {{statement}}</h1>
    <dl class="facts">
    {{#facts}}
    <dt>{{name}}</dt><dd>{{text}}</dd>
    {{/facts}}
    </dl>
    {{#sides}}
    <section aria-labelledby="{{key}}">
    <h2 id="{{key}}">{{heading}}</h2>
    {{#verdict}}<p><span class="badge {{tone}}">{{verdict}}</span> <span class="s">{{count}}</span></p>
    {{#hasReason}}<p class="note">{{reason}}</p>{{/hasReason}}{{/verdict}}
    {{#hasComparisons}}
    <div class="scroll" role="region" aria-label="{{heading}}: comparisons" tabindex="0">
    <table class="wide">
    <thead><tr><th scope="col">Where</th><th scope="col">Check</th><th scope="col">Left</th><th scope="col">Right</th><th scope="col" class="num">Difference</th><th scope="col">Verdict</th><th scope="col" class="num">p</th></tr></thead>
    <tbody>
    {{#comparisons}}
    <tr><th scope="row" class="name">{{place}}</th><td>{{check}}</td><td class="short">{{left}}</td><td class="short">{{right}}</td><td class="num">{{difference}}</td><td class="{{tone}}">{{word}}</td><td class="num">{{p}}</td></tr>
    {{/comparisons}}
    </tbody>
    </table>
    </div>
    {{/hasComparisons}}
    </section>
    {{/sides}}

    """#
}
